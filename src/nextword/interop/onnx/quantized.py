"""8-bit weights for an ONNX file, by the dynamic quantization of onnxruntime."""

import logging
from pathlib import Path

from nextword.interop.onnx.extra import import_onnxruntime

#: Operators that onnxruntime computes with 8-bit weights; GRU and RNN are not among them.
OPERATORS = ("Gather", "LSTM", "MatMul")


def write_quantized(source: Path, target: Path) -> None:
    """Write a file whose matrices have 8 bits, with one scale for each row or column.

    Activations are quantized while the model runs. The weights of GRU and RNN operators stay in
    float32.

    Args:
        source: The file in float32.
        target: The file to write.

    Raises:
        MissingExtraError: onnxruntime is not installed.
    """
    import_onnxruntime()
    from onnxruntime.quantization import QuantType, quantize_dynamic

    root = logging.getLogger()
    level = root.level
    # It advises to preprocess the model, which changes nothing here.
    root.setLevel(logging.ERROR)
    try:
        quantize_dynamic(
            source,
            target,
            op_types_to_quantize=list(OPERATORS),
            weight_type=QuantType.QInt8,
            per_channel=True,
        )
    finally:
        root.setLevel(level)

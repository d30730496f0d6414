"""Generation with onnxruntime: its LSTM operator, with the state as inputs and outputs."""

import importlib
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32, Int64
from torch import Tensor

from nextword.benchmarking.generation.peer import GeneratePeer, GenerateSizes

_OPSET = 17
_IR_VERSION = 8


def has_onnxruntime() -> bool:
    """Return whether onnx and onnxruntime are installed."""
    return find_spec("onnx") is not None and find_spec("onnxruntime") is not None


def onnx_step(
    model: GeneratePeer, sizes: GenerateSizes
) -> Callable[[], Int64[np.ndarray, "tokens streams"]]:
    """Return a function that generates tokens and returns them.

    The token is drawn in NumPy from the sums of the probabilities, which is faster than
    `torch.multinomial`.

    Args:
        model: The network whose weights are used.
        sizes: Number of streams and tokens.
    """
    session = onnx_session(model)
    generator = np.random.default_rng(0)
    names = [f"{part}_{depth}" for depth in range(sizes.num_layers) for part in ("h", "c")]
    outputs = ["logits", *(f"new_{name}" for name in names)]
    zeros = np.zeros((1, sizes.num_streams, sizes.hidden_size), dtype=np.float32)

    def step() -> Int64[np.ndarray, "tokens streams"]:
        token_ids = np.ones((1, sizes.num_streams), dtype=np.int64)
        state, drawn = dict.fromkeys(names, zeros), []
        for _ in range(sizes.num_tokens):
            logits, *parts = session.run(outputs, {"token_ids": token_ids, **state})
            state = dict(zip(names, parts, strict=True))
            token_ids = _draw(logits[0], generator)[None]
            drawn.append(token_ids)
        return np.concatenate(drawn)

    return step


def onnx_session(model: GeneratePeer) -> Any:
    """Return a session of onnxruntime with the weights of a network, on the threads of torch.

    Args:
        model: The network.
    """
    onnx = importlib.import_module("onnx")
    runtime = importlib.import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.inter_op_num_threads = 1
    return runtime.InferenceSession(
        _graph(onnx, model).SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def _draw(
    logits: Float32[np.ndarray, "streams vocab"], generator: np.random.Generator
) -> Int64[np.ndarray, " streams"]:
    weights = np.exp(logits - logits.max(1, keepdims=True))
    sums = weights.cumsum(1, dtype=np.float64)
    targets = generator.random(len(logits)) * sums[:, -1]
    return np.array(
        [
            np.searchsorted(row, target, side="right")
            for row, target in zip(sums, targets, strict=True)
        ]
    )


def _graph(onnx: Any, model: GeneratePeer) -> Any:
    """Return an ONNX model: one step, from token ids and state to scores and state."""
    helper, kind = onnx.helper, onnx.TensorProto
    size = model.rnn.hidden_size
    arrays = {"embedding": _numpy(model.encoder.weight), "output_bias": _numpy(model.decoder.bias)}
    arrays |= {"output": np.ascontiguousarray(_numpy(model.decoder.weight).T)}
    arrays["axis"] = np.array([1], dtype=np.int64)
    nodes = [helper.make_node("Gather", ["embedding", "token_ids"], ["x_0"])]
    inputs = [helper.make_tensor_value_info("token_ids", kind.INT64, [1, "streams"])]
    outputs = [helper.make_tensor_value_info("logits", kind.FLOAT, [1, "streams", None])]
    theirs = {name: _numpy(value) for name, value in model.rnn.named_parameters()}
    for depth in range(model.rnn.num_layers):
        arrays[f"W_{depth}"] = _ordered(theirs[f"weight_ih_l{depth}"], size)[None]
        arrays[f"R_{depth}"] = _ordered(theirs[f"weight_hh_l{depth}"], size)[None]
        biases = [_ordered(theirs[f"bias_{part}_l{depth}"], size) for part in ("ih", "hh")]
        arrays[f"B_{depth}"] = np.concatenate(biases)[None]
        operands = [f"x_{depth}", f"W_{depth}", f"R_{depth}", f"B_{depth}", ""]
        state = [f"h_{depth}", f"c_{depth}"]
        results = [f"y_{depth}", *(f"new_{name}" for name in state)]
        nodes.append(helper.make_node("LSTM", [*operands, *state], results, hidden_size=size))
        nodes.append(helper.make_node("Squeeze", [f"y_{depth}", "axis"], [f"x_{depth + 1}"]))
        for name in state:
            shape = [1, "streams", size]
            inputs.append(helper.make_tensor_value_info(name, kind.FLOAT, shape))
            outputs.append(helper.make_tensor_value_info(f"new_{name}", kind.FLOAT, shape))
    last = f"x_{model.rnn.num_layers}"
    nodes.append(helper.make_node("MatMul", [last, "output"], ["products"]))
    nodes.append(helper.make_node("Add", ["products", "output_bias"], ["logits"]))
    constants = [onnx.numpy_helper.from_array(array, name) for name, array in arrays.items()]
    graph = helper.make_graph(nodes, "step", inputs, outputs, initializer=constants)
    opsets = [helper.make_opsetid("", _OPSET)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)


def _numpy(tensor: Tensor) -> Float32[np.ndarray, "..."]:
    array: Float32[np.ndarray, ...] = tensor.detach().numpy()
    return array


def _ordered(gates: Float32[np.ndarray, "..."], size: int) -> Float32[np.ndarray, "..."]:
    """Return the gates in the order of ONNX, i o f g, from torch's, i f g o."""
    i, f, g, o = (gates[size * gate : size * (gate + 1)] for gate in range(4))
    return np.concatenate([i, o, f, g])

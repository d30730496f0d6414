"""Layers over whole sequences, in one or both directions, as ONNX's own operators."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nextword.cells import AnyCell
from nextword.interop.onnx.graph import GraphBuilder
from nextword.interop.onnx.native_layers import native_operator, native_weights


@dataclass(frozen=True, kw_only=True)
class SequenceOutputs:
    """Names of the outputs of a layer.

    Attributes:
        outputs: (time, batch, directions * hidden_size); 0 after the end of a row.
        final: The last outputs of each direction, (batch, directions * hidden_size).
    """

    outputs: str
    final: str


def add_sequence_layer(
    graph: GraphBuilder,
    cells: tuple[AnyCell, ...],
    *,
    inputs: str,
    lengths: str,
    prefix: str,
) -> SequenceOutputs:
    """Add a layer over time that starts with zeros.

    Args:
        graph: The graph.
        cells: The cell that reads forward, and the one that reads backward if there is one; cells
            of `NATIVE_CELLS`.
        inputs: Name of the inputs, (time, batch, input_size).
        lengths: Name of the number of steps of each row, (batch), int32, at least 1.
        prefix: Beginning of the names of its weights.
    """
    weights = [
        graph.tensor(f"{prefix}.{name}", torch.stack(parts))
        for name, parts in zip(
            ("W", "R", "B"), zip(*map(native_weights, cells), strict=True), strict=True
        )
    ]
    operator, settings = native_operator(cells[0])
    if len(cells) > 1:
        settings = {name: _twice(value) for name, value in settings.items()}
        settings["direction"] = "bidirectional"
    size = cells[0].hidden_size
    outputs, final = graph.add_many(
        operator, [inputs, *weights, lengths], names=["", ""], hidden_size=size, **settings
    )
    # From (time, directions, batch, size) and (directions, batch, size).
    outputs = graph.add("Transpose", [outputs], perm=[0, 2, 1, 3])
    final = graph.add("Transpose", [final], perm=[1, 0, 2])
    width = len(cells) * size
    return SequenceOutputs(
        outputs=graph.add("Reshape", [outputs, graph.ints(0, 0, width)]),
        final=graph.add("Reshape", [final, graph.ints(-1, width)]),
    )


def add_linear(graph: GraphBuilder, inputs: str, *, layer: Any, name: str) -> str:
    """Add a linear layer and return the name of its outputs.

    Args:
        graph: The graph.
        inputs: Name of the inputs, (..., size).
        layer: The layer; its bias may be None.
        name: Name of its weights.
    """
    weight: Tensor = layer.weight
    outputs = graph.add("MatMul", [inputs, graph.tensor(name, weight.T)])
    if layer.bias is None:
        return outputs
    return graph.add("Add", [outputs, graph.tensor(f"{name}.bias", layer.bias)])


def _twice(value: Any) -> Any:
    """Return an attribute of one direction for two; numbers hold for both."""
    return value * 2 if isinstance(value, list) else value

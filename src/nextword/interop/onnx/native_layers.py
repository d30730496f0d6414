"""Recurrent layers over time as ONNX's own operators LSTM, GRU and RNN, never as a loop.

Their weights have a direction axis first. ONNX orders the gates i o f c (LSTM) and z r h (GRU).
"""

from typing import Any

import torch
from torch import Tensor

from nextword.cells import AnyCell, CifgCell, ElmanCell, GruCell, LinearCell, LstmCell
from nextword.interop.onnx.graph import GraphBuilder

_ACTIVATIONS = {"tanh": "Tanh", "sigmoid": "Sigmoid", "relu": "Relu"}
NATIVE_CELLS = (LstmCell, CifgCell, GruCell, ElmanCell, LinearCell)


def add_native_layer(
    graph: GraphBuilder, cell: AnyCell, *, inputs: str, state: list[str], prefix: str
) -> tuple[str, list[str]]:
    """Add a layer over time.

    Args:
        graph: The graph.
        cell: Its cell, one of `NATIVE_CELLS`.
        inputs: Name of the inputs, (time, batch, input_size).
        state: Names of the state before them, each (batch, size).
        prefix: Beginning of the names of its weights.

    Returns:
        Names of the outputs, (time, batch, hidden_size), and of the state after them.
    """
    weights = [
        graph.tensor(f"{prefix}.{name}", value.unsqueeze(0))
        for name, value in zip(("W", "R", "B"), native_weights(cell), strict=True)
    ]
    axis = graph.ints(0)
    before = [graph.add("Unsqueeze", [part, axis]) for part in state]
    operator, settings = native_operator(cell)
    names = [""] * (1 + len(state))
    outputs, *after = graph.add_many(
        operator,
        [inputs, *weights, "", *before],
        names=names,
        hidden_size=cell.hidden_size,
        **settings,
    )
    # Axis 1 is the direction.
    outputs = graph.add("Squeeze", [outputs, graph.ints(1)])
    return outputs, [graph.add("Squeeze", [part, axis]) for part in after]


def native_operator(cell: AnyCell) -> tuple[str, dict[str, Any]]:
    """Return the operator of a cell, and its attributes for one direction."""
    if isinstance(cell, LstmCell | CifgCell):
        return "LSTM", {}
    if isinstance(cell, GruCell):
        return "GRU", {"linear_before_reset": 1}
    if isinstance(cell, ElmanCell):
        return "RNN", {"activations": [_ACTIVATIONS[cell.nonlinearity]]}
    return "RNN", {
        "activations": ["Affine"],
        "activation_alpha": [1.0],
        "activation_beta": [0.0],
    }


def native_weights(cell: AnyCell) -> tuple[Tensor, Tensor, Tensor]:
    """Return W, R and B in ONNX's order of the gates."""
    weight_ih, weight_hh = cell.get_parameter("weight_ih"), cell.get_parameter("weight_hh")
    bias = cell.get_parameter("bias")
    second = torch.zeros_like(bias)
    if isinstance(cell, GruCell):
        # The second bias of the candidate is inside the reset gate.
        second[2 * cell.hidden_size :] = cell.recurrent_bias
    tensors = [_ordered(cell, each) for each in (weight_ih, weight_hh, bias, second)]
    if isinstance(cell, CifgCell):
        tensors[3] = torch.zeros_like(tensors[2])
    return tensors[0], tensors[1], torch.cat(tensors[2:])


def _ordered(cell: AnyCell, tensor: Tensor) -> Tensor:
    if isinstance(cell, LstmCell):
        i, f, g, o = tensor.chunk(4)
        return torch.cat([i, o, f, g])
    if isinstance(cell, CifgCell):
        f, g, o = tensor.chunk(3)
        # 1 - sigmoid(a) = sigmoid(-a) is the input gate.
        return torch.cat([-f, o, f, g])
    if isinstance(cell, GruCell):
        r, z, n = tensor.chunk(3)
        return torch.cat([z, r, n])
    return tensor

"""Recurrent cells as layers of torch: which ones are, and their weights by the names of torch."""

import torch
from torch import Tensor

from nextword.cells import AnyCell, CifgCell, ElmanCell, GruCell, LstmCell, ProjectedLstmCell

#: Names of the cells in the settings of the transformers classes.
_CELLS: dict[type, str] = {
    LstmCell: "lstm",
    ProjectedLstmCell: "lstm",
    CifgCell: "lstm",
    GruCell: "gru",
    ElmanCell: "elman",
}


def torch_cell_name(cell: AnyCell) -> str:
    """Return the name of a cell in the settings of the transformers classes.

    Args:
        cell: A cell for which `why_no_torch_layer` returns None.
    """
    return _CELLS[type(cell)]


def why_no_torch_layer(cell: AnyCell) -> str | None:
    """Return why no layer of torch computes a cell; None if one does."""
    if type(cell) not in _CELLS:
        return f"this model has the cell {type(cell).__name__}, which is not one of torch"
    if isinstance(cell, ElmanCell) and cell.nonlinearity == "sigmoid":
        return "this model has Elman cells with a sigmoid; torch has tanh and relu"
    if isinstance(cell, ProjectedLstmCell) and cell.projection_size == cell.hidden_size:
        return (
            f"this model projects {cell.hidden_size} numbers to as many; torch only projects to "
            "fewer"
        )
    return None


def torch_layer_weights(cell: AnyCell) -> dict[str, Tensor]:
    """Return the weights of a cell by the names of torch, which has a second bias.

    Args:
        cell: A cell for which `why_no_torch_layer` returns None.
    """
    bias: Tensor = cell.get_parameter("bias")
    names = ["weight_ih", "weight_hh"]
    second = torch.zeros_like(bias)
    if isinstance(cell, ProjectedLstmCell):
        names.append("weight_hr")
    if isinstance(cell, GruCell):
        # The second bias of the candidate is inside the reset gate.
        second[2 * cell.hidden_size :] = cell.recurrent_bias
    found: dict[str, Tensor] = {name: cell.get_parameter(name) for name in names} | {
        "bias_ih": bias
    }
    if isinstance(cell, CifgCell):
        found = {name: _as_lstm(value) for name, value in found.items()}
        second = torch.zeros_like(found["bias_ih"])
    return found | {"bias_hh": second}


def _as_lstm(values: Tensor) -> Tensor:
    """Return coupled gates as those of an LSTM: 1 - sigmoid(a) = sigmoid(-a) is its input gate."""
    f, g, o = values.chunk(3)
    return torch.cat([-f, f, g, o])

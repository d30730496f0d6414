"""Every kind of cell by name: what the contracts of cells and backends are held against.

A new cell joins with one line.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from nextword.cells import (
    AnyCell,
    CellState,
    CifgCell,
    ElmanCell,
    ElmanPreactivationCell,
    GruCell,
    LayerNormLstmCell,
    LinearCell,
    LstmCell,
    MinGruCell,
    MinLstmCell,
    ProjectedLstmCell,
    RgLruCell,
    SlstmCell,
)

MakeCell = Callable[[int, int], AnyCell]

#: From the widths of input and state.
CELLS: dict[str, MakeCell] = {
    "lstm": LstmCell,
    "lstm-projected": lambda i, h: ProjectedLstmCell(i, h, projection_size=(h + 1) // 2),
    "lstm-projected-fully": lambda i, h: ProjectedLstmCell(i, h, projection_size=h),
    "lstm-layer-norm": LayerNormLstmCell,
    "gru": GruCell,
    "elman-tanh": ElmanCell,
    "elman-sigmoid": lambda i, h: ElmanCell(i, h, nonlinearity="sigmoid"),
    "elman-relu": lambda i, h: ElmanCell(i, h, nonlinearity="relu"),
    "elman-preactivation-tanh": ElmanPreactivationCell,
    "elman-preactivation-sigmoid": lambda i, h: ElmanPreactivationCell(
        i, h, nonlinearity="sigmoid"
    ),
    "elman-preactivation-relu": lambda i, h: ElmanPreactivationCell(i, h, nonlinearity="relu"),
    "linear": LinearCell,
    "min-gru": MinGruCell,
    "min-lstm": MinLstmCell,
    "cifg": CifgCell,
    "slstm": SlstmCell,
    "rg-lru": RgLruCell,
}


def numbers(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


def biases(cell: AnyCell) -> list[torch.nn.Parameter]:
    """Everything that is added to a sum, whatever the inputs are."""
    return [weight for name, weight in cell.named_parameters() if "bias" in name]


def random_cell(make_cell: MakeCell, input_size: int, hidden_size: int) -> AnyCell:
    """A cell in float64 none of whose vectors is as it starts."""
    cell = make_cell(input_size, hidden_size).double()
    with torch.no_grad():
        for weight in cell.parameters():
            if weight.ndim == 1:
                weight += 0.5 * torch.randn_like(weight)
    return cell


def random_state(cell: AnyCell, batch_size: int) -> CellState:
    parts = [numbers(batch_size, size) for size in cell.state_sizes]
    return type(cell.initial_state(0))(*parts)

"""Our cells, stepped by the reference, against torch.nn.RNN, torch.nn.GRU and torch.nn.LSTM."""

from itertools import product

import pytest
import torch
from torch import Tensor, nn

from cells import random_cell
from nextword.cells import AnyCell, ElmanCell, GruCell, LstmCell, ProjectedLstmCell
from nextword.recurrent.backends import reference

pytestmark = pytest.mark.peer

SIZES = [(1, 2), (7, 63), (63, 7)]
BATCHES = [(1, 1), (3, 2), (3, 35)]
KINDS = ["lstm", "projected", "gru", "tanh", "relu"]
cases = pytest.mark.parametrize(
    ("kind", "sizes", "batch"),
    [
        pytest.param(kind, sizes, batch, id=f"{kind}-{sizes[0]}x{sizes[1]}-{batch[0]}x{batch[1]}")
        for kind, sizes, batch in product(KINDS, SIZES, BATCHES)
    ],
)


def cell_of(kind: str, input_size: int, hidden_size: int) -> AnyCell:
    if kind == "lstm":
        return LstmCell(input_size, hidden_size)
    if kind == "projected":
        return ProjectedLstmCell(input_size, hidden_size, projection_size=hidden_size // 2)
    if kind == "gru":
        return GruCell(input_size, hidden_size)
    return ElmanCell(input_size, hidden_size, nonlinearity=kind)  # type: ignore[arg-type]


def layer_of(cell: AnyCell) -> nn.RNNBase:
    """torch's layer of the same kind."""
    sizes = cell.input_size, cell.hidden_size
    if isinstance(cell, ElmanCell):
        return nn.RNN(*sizes, nonlinearity=cell.nonlinearity, batch_first=True)
    if isinstance(cell, GruCell):
        return nn.GRU(*sizes, batch_first=True)
    projection = cell.projection_size if isinstance(cell, ProjectedLstmCell) else 0
    return nn.LSTM(*sizes, proj_size=projection, batch_first=True)


def theirs_of(cell: AnyCell, layer: nn.RNNBase) -> list[Tensor]:
    """torch's weights in the order of ours; the GRU's last third of a second bias is ours too."""
    names = {
        "weight_ih": "weight_ih_l0",
        "weight_hh": "weight_hh_l0",
        "bias": "bias_ih_l0",
        "recurrent_bias": "bias_hh_l0",
        "weight_hr": "weight_hr_l0",
    }
    return [getattr(layer, names[name]) for name, _ in cell.named_parameters()]


def pair(kind: str, input_size: int, hidden_size: int) -> tuple[AnyCell, nn.RNNBase]:
    """Our cell, and torch's layer with the same weights; its second bias is zero elsewhere."""
    torch.manual_seed(0)
    cell = random_cell(lambda i, h: cell_of(kind, i, h), input_size, hidden_size)
    layer = layer_of(cell).double()
    with torch.no_grad():
        layer.bias_hh_l0.zero_()
        for ours, theirs in zip(cell.parameters(), theirs_of(cell, layer), strict=True):
            theirs[-len(ours) :].copy_(ours)
    return cell, layer


def numbers(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


def run_torch(
    layer: nn.RNNBase, inputs: Tensor, parts: list[Tensor]
) -> tuple[Tensor, list[Tensor]]:
    begin = [part[None] for part in parts]
    outputs, final = layer(inputs, tuple(begin) if len(begin) == 2 else begin[0])
    return outputs, [part[0] for part in (final if len(begin) == 2 else (final,))]


@cases
def test_cell_over_time_equals_torch(
    kind: str, sizes: tuple[int, int], batch: tuple[int, int]
) -> None:
    cell, layer = pair(kind, *sizes)
    inputs = numbers(*batch, sizes[0])
    parts = [numbers(batch[0], size) for size in cell.state_sizes]

    outputs, final = reference.run_layer(cell, inputs, state=cell.state_type(*parts), lengths=None)

    expected, expected_final = run_torch(layer, inputs, parts)
    torch.testing.assert_close(outputs, expected, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(list(final), expected_final, rtol=1e-10, atol=1e-12)


@cases
def test_cell_gradients_equal_torch(
    kind: str, sizes: tuple[int, int], batch: tuple[int, int]
) -> None:
    cell, layer = pair(kind, *sizes)
    inputs = numbers(*batch, sizes[0])
    parts = [numbers(batch[0], size) for size in cell.state_sizes]
    weigh = numbers(*batch, cell.output_size).detach()
    ours = [inputs, *parts, *cell.parameters()]
    theirs = [inputs, *parts, *theirs_of(cell, layer)]

    outputs, final = reference.run_layer(cell, inputs, state=cell.state_type(*parts), lengths=None)
    gradients = torch.autograd.grad((outputs * weigh).sum() + final[-1].sum(), ours)

    expected, expected_final = run_torch(layer, inputs, parts)
    wanted = torch.autograd.grad((expected * weigh).sum() + expected_final[-1].sum(), theirs)
    wanted = [part[-len(ours) :] for part, ours in zip(wanted, gradients, strict=True)]
    torch.testing.assert_close(list(gradients), wanted, rtol=1e-10, atol=1e-11)

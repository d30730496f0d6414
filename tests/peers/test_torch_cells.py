"""Our cells, stepped by the reference, against torch.nn.RNN and torch.nn.LSTM."""

from itertools import product

import pytest
import torch
from torch import Tensor, nn

from nextword.cells import CellState, ElmanCell, ElmanState, LstmCell, LstmState
from nextword.recurrent.backends import reference

pytestmark = pytest.mark.peer

SIZES = [(1, 1), (7, 63), (63, 7)]
BATCHES = [(1, 1), (3, 2), (3, 35)]
KINDS = ["lstm", "tanh", "relu"]
cases = pytest.mark.parametrize(
    ("kind", "sizes", "batch"),
    [
        pytest.param(kind, sizes, batch, id=f"{kind}-{sizes[0]}x{sizes[1]}-{batch[0]}x{batch[1]}")
        for kind, sizes, batch in product(KINDS, SIZES, BATCHES)
    ],
)


def pair(kind: str, input_size: int, hidden_size: int) -> tuple[ElmanCell | LstmCell, nn.RNNBase]:
    """Our cell, and torch's layer with the same weights and its second bias zero."""
    torch.manual_seed(0)
    cell: ElmanCell | LstmCell
    layer: nn.RNNBase
    if kind == "lstm":
        cell, layer = LstmCell(input_size, hidden_size), nn.LSTM(input_size, hidden_size)
    else:
        cell = ElmanCell(input_size, hidden_size, nonlinearity=kind)  # type: ignore[arg-type]
        layer = nn.RNN(input_size, hidden_size, nonlinearity=kind)
    cell, layer = cell.double(), layer.double()
    layer.batch_first = True
    with torch.no_grad():
        cell.bias.normal_()
        layer.weight_ih_l0.copy_(cell.weight_ih)
        layer.weight_hh_l0.copy_(cell.weight_hh)
        layer.bias_ih_l0.copy_(cell.bias)
        layer.bias_hh_l0.zero_()
    return cell, layer


def numbers(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


def run_torch(
    layer: nn.RNNBase, inputs: Tensor, parts: list[Tensor]
) -> tuple[Tensor, list[Tensor]]:
    begin = [part[None] for part in parts]
    outputs, final = layer(inputs, tuple(begin) if len(begin) == 2 else begin[0])
    return outputs, [part[0] for part in (final if len(begin) == 2 else (final,))]


def state_of(parts: list[Tensor]) -> CellState:
    return LstmState(*parts) if len(parts) == 2 else ElmanState(*parts)


@cases
def test_cell_over_time_equals_torch(
    kind: str, sizes: tuple[int, int], batch: tuple[int, int]
) -> None:
    cell, layer = pair(kind, *sizes)
    inputs = numbers(*batch, sizes[0])
    parts = [numbers(batch[0], sizes[1]) for _ in cell.state_names]

    outputs, final = reference.run_layer(cell, inputs, state_of(parts), None)

    expected, expected_final = run_torch(layer, inputs, parts)
    torch.testing.assert_close(outputs, expected, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(list(final), expected_final, rtol=1e-10, atol=1e-12)


@cases
def test_cell_gradients_equal_torch(
    kind: str, sizes: tuple[int, int], batch: tuple[int, int]
) -> None:
    cell, layer = pair(kind, *sizes)
    inputs = numbers(*batch, sizes[0])
    parts = [numbers(batch[0], sizes[1]) for _ in cell.state_names]
    weigh = numbers(*batch, sizes[1]).detach()
    ours = [inputs, *parts, cell.weight_ih, cell.weight_hh, cell.bias]
    theirs = [inputs, *parts, layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0]

    outputs, final = reference.run_layer(cell, inputs, state_of(parts), None)
    gradients = torch.autograd.grad((outputs * weigh).sum() + final[-1].sum(), ours)

    expected, expected_final = run_torch(layer, inputs, parts)
    wanted = torch.autograd.grad((expected * weigh).sum() + expected_final[-1].sum(), theirs)
    torch.testing.assert_close(gradients, wanted, rtol=1e-10, atol=1e-11)

"""minGRU and minLSTM: their equations, and what follows from them."""

import pytest
import torch

from nextword.cells import DiagonalState, MinGruCell, MinLstmCell

KINDS = [MinGruCell, MinLstmCell]
kinds = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


@pytest.mark.parametrize(("kind", "blocks"), [(MinGruCell, 2), (MinLstmCell, 3)])
def test_min_cell_num_parameters(kind: type[MinGruCell | MinLstmCell], blocks: int) -> None:
    assert sum(parameter.numel() for parameter in kind(5, 3).parameters()) == blocks * 3 * (5 + 1)


def test_min_gru_step_by_hand() -> None:
    cell = MinGruCell(1, 1)
    with torch.no_grad():
        cell.weight_ih.copy_(torch.tensor([[0.0], [2.0]]))
        cell.bias.copy_(torch.tensor([0.3, 0.5]))

    outputs, _ = cell.step(torch.tensor([[3.0]]), DiagonalState(torch.tensor([[4.0]])))

    z = torch.sigmoid(torch.tensor(0.3))
    assert torch.allclose(outputs, (1 - z) * 4.0 + z * 6.5)


def test_min_lstm_step_by_hand() -> None:
    cell = MinLstmCell(1, 1)
    with torch.no_grad():
        cell.weight_ih.copy_(torch.tensor([[0.0], [0.0], [2.0]]))
        cell.bias.copy_(torch.tensor([0.3, -0.4, 0.5]))

    outputs, _ = cell.step(torch.tensor([[3.0]]), DiagonalState(torch.tensor([[4.0]])))

    f, i = torch.sigmoid(torch.tensor(0.3)), torch.sigmoid(torch.tensor(-0.4))
    assert torch.allclose(outputs, f / (f + i) * 4.0 + i / (f + i) * 6.5)


def test_min_lstm_forget_bias_stands_in_its_block() -> None:
    assert MinLstmCell(3, 2, forget_bias=2.5).bias.tolist() == [2.5, 2.5, 0.0, 0.0, 0.0, 0.0]


@kinds
def test_min_cell_gates_do_not_look_at_the_state(kind: type[MinGruCell | MinLstmCell]) -> None:
    torch.manual_seed(0)
    cell, inputs, h = kind(3, 5), torch.randn(1, 3), torch.randn(5)

    def step(hidden_state: torch.Tensor) -> torch.Tensor:
        return cell.step(inputs, DiagonalState(hidden_state[None]))[0][0]

    jacobian = torch.autograd.functional.jacobian(step, h)
    decay, _ = cell.coefficients(cell.gates(cell.input_gates(inputs)))
    torch.testing.assert_close(jacobian, torch.diag(decay[0]))
    assert ((decay > 0) & (decay < 1)).all()

"""The LSTM with coupled gates: its equations by hand, and its sizes."""

import torch

from nextword.cells import CifgCell, LstmState


def test_cifg_num_parameters_is_3m_times_n_plus_m_plus_1() -> None:
    assert sum(weight.numel() for weight in CifgCell(5, 3).parameters()) == 3 * 3 * (5 + 3 + 1)


def test_cifg_step_by_hand() -> None:
    cell = CifgCell(1, 1)
    with torch.no_grad():
        cell.weight_ih.zero_()
        cell.weight_hh.copy_(torch.tensor([[0.0], [0.5], [0.0]]))
        cell.bias.copy_(torch.tensor([0.3, 0.2, 1.1]))
    state = LstmState(hidden_state=torch.tensor([[2.0]]), cell_state=torch.tensor([[0.5]]))

    outputs, after = cell.step(torch.ones(1, 1), state)

    f, o = torch.sigmoid(torch.tensor(0.3)), torch.sigmoid(torch.tensor(1.1))
    c = f * 0.5 + (1 - f) * torch.tanh(torch.tensor(1.2))
    assert torch.allclose(after.cell_state, c)
    assert torch.allclose(outputs, o * torch.tanh(c))


def test_cifg_forget_bias_stands_in_its_block() -> None:
    assert CifgCell(3, 2, forget_bias=2.5).bias.tolist() == [2.5, 2.5, 0.0, 0.0, 0.0, 0.0]


def test_cifg_cell_state_stays_between_minus_one_and_one() -> None:
    torch.manual_seed(0)
    cell, state = CifgCell(3, 4), CifgCell(3, 4).initial_state(2)

    for _ in range(50):
        _, state = cell.step(10 * torch.randn(2, 3), state)

    assert state.cell_state.abs().max() <= 1.0

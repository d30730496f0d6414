import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nextword.cells import LSTM_GATES, LstmCell, LstmGates, LstmState, lstm_gates, lstm_step

sizes = st.sampled_from([1, 7, 63])


def gates_of(cell: LstmCell, inputs: torch.Tensor, hidden_state: torch.Tensor) -> LstmGates:
    return lstm_gates(
        inputs,
        hidden_state,
        weight_ih=cell.weight_ih,
        weight_hh=cell.weight_hh,
        bias=cell.bias,
    )


@settings(max_examples=20)
@given(sizes, sizes)
def test_lstm_num_parameters_is_4m_times_n_plus_m_plus_1(input_size: int, hidden: int) -> None:
    cell = LstmCell(input_size, hidden)

    counted = sum(parameter.numel() for parameter in cell.parameters())

    assert counted == 4 * hidden * (input_size + hidden + 1)


@pytest.mark.parametrize("forget_bias", [0.0, 1.0, 2.5])
def test_lstm_bias_starts_at_zero_but_for_the_forget_gate(forget_bias: float) -> None:
    bias = LstmCell(3, 2, forget_bias=forget_bias).bias

    assert bias.tolist() == [0.0, 0.0, forget_bias, forget_bias, 0.0, 0.0, 0.0, 0.0]


def test_lstm_gates_stand_in_the_order_of_their_names() -> None:
    assert LstmGates._fields == LSTM_GATES


def test_lstm_gates_lie_in_their_ranges() -> None:
    torch.manual_seed(0)

    gates = gates_of(LstmCell(7, 63), 3 * torch.randn(9, 7), torch.randn(9, 63))

    for name in ("input_gate", "forget_gate", "output_gate"):
        assert 0.0 < getattr(gates, name).min() < 0.5 < getattr(gates, name).max() < 1.0
    assert -1.0 < gates.cell_candidate.min() < 0.0 < gates.cell_candidate.max() < 1.0


@pytest.mark.parametrize("gate", LSTM_GATES)
def test_lstm_gates_own_block_of_the_bias_moves_one_gate_alone(gate: str) -> None:
    cell = LstmCell(3, 2)
    inputs, hidden_state = torch.randn(4, 3), torch.randn(4, 2)
    before = gates_of(cell, inputs, hidden_state)
    start = 2 * LSTM_GATES.index(gate)

    with torch.no_grad():
        cell.bias[start : start + 2] += 1.0
    after = gates_of(cell, inputs, hidden_state)

    moved = [n for n in LSTM_GATES if not torch.equal(getattr(before, n), getattr(after, n))]
    assert moved == [gate]


def test_lstm_step_open_forget_gate_keeps_the_cell_state() -> None:
    cell = LstmCell(3, 2)
    with torch.no_grad():
        cell.bias.copy_(torch.tensor([-100.0, -100.0, 100.0, 100.0, 0.0, 0.0, 0.0, 0.0]))
    state = LstmState(hidden_state=torch.randn(4, 2), cell_state=torch.randn(4, 2))

    _, after = cell.step(torch.randn(4, 3), state)

    assert torch.equal(after.cell_state, state.cell_state)


def test_lstm_step_by_hand() -> None:
    zeros = torch.zeros(4, 1)
    bias = torch.tensor([0.3, -0.2, 0.7, 1.1])
    state = LstmState(hidden_state=torch.tensor([[9.0]]), cell_state=torch.tensor([[0.5]]))

    after = lstm_step(torch.ones(1, 1), state, weight_ih=zeros, weight_hh=zeros, bias=bias)

    i, f, o = (torch.sigmoid(bias[index]) for index in (0, 1, 3))
    c = f * 0.5 + i * torch.tanh(bias[2])
    assert torch.allclose(after.cell_state, c.view(1, 1))
    assert torch.allclose(after.hidden_state, (o * torch.tanh(c)).view(1, 1))


def test_lstm_step_outputs_are_the_new_hidden_state() -> None:
    cell = LstmCell(3, 2)

    outputs, state = cell.step(torch.randn(4, 3), cell.initial_state(4))

    assert torch.equal(outputs, state.hidden_state)
    assert not torch.equal(outputs, state.cell_state)


def test_lstm_initial_state_parts_do_not_share_memory() -> None:
    state = LstmCell(3, 2).initial_state(1)

    assert state.hidden_state.data_ptr() != state.cell_state.data_ptr()

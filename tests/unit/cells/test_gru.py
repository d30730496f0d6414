import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nextword.cells import GRU_GATES, GruCell, GruState, gru_step

sizes = st.sampled_from([1, 7, 63])


@settings(max_examples=20)
@given(sizes, sizes)
def test_gru_num_parameters_is_3m_times_n_plus_m_plus_1_and_m_more(n: int, m: int) -> None:
    counted = sum(parameter.numel() for parameter in GruCell(n, m).parameters())

    assert counted == 3 * m * (n + m + 1) + m


def test_gru_biases_start_at_zero() -> None:
    cell = GruCell(3, 2)

    assert not cell.bias.any()
    assert not cell.recurrent_bias.any()


def test_gru_step_by_hand() -> None:
    bias = torch.tensor([0.3, -0.2, 0.7])
    weight_hh = torch.tensor([[0.0], [0.0], [2.0]])

    after = gru_step(
        torch.ones(1, 1),
        GruState(hidden_state=torch.tensor([[0.5]])),
        weight_ih=torch.zeros(3, 1),
        weight_hh=weight_hh,
        bias=bias,
        recurrent_bias=torch.tensor([0.25]),
    )

    r, z = torch.sigmoid(bias[0]), torch.sigmoid(bias[1])
    n = torch.tanh(bias[2] + r * (2.0 * 0.5 + 0.25))
    assert torch.allclose(after.hidden_state, ((1 - z) * n + z * 0.5).view(1, 1))


def closed(gate: str, value: float) -> GruCell:
    """A cell one of whose gates is held at an end."""
    torch.manual_seed(0)
    cell = GruCell(3, 2)
    start = 2 * GRU_GATES.index(gate)
    with torch.no_grad():
        cell.bias[start : start + 2] = value
    return cell


def test_gru_step_open_update_gate_keeps_the_state() -> None:
    state = GruState(hidden_state=torch.randn(4, 2))

    outputs, _ = closed("update_gate", 100.0).step(torch.randn(4, 3), state)

    assert torch.equal(outputs, state.hidden_state)


def test_gru_step_closed_reset_gate_hides_the_state_and_its_bias_from_the_candidate() -> None:
    cell = closed("reset_gate", -100.0)
    with torch.no_grad():
        cell.bias[2:4] = -100.0
        cell.recurrent_bias.fill_(9.0)
    inputs = torch.randn(4, 3)

    outputs, _ = cell.step(inputs, GruState(hidden_state=torch.randn(4, 2)))

    expected = torch.tanh(inputs @ cell.weight_ih[4:].T + cell.bias[4:])
    torch.testing.assert_close(outputs, expected)


def test_gru_step_resets_after_the_product() -> None:
    """The form of Cho et al. as published resets before it, which gives other numbers."""
    torch.manual_seed(0)
    cell, h, inputs = GruCell(3, 2), torch.randn(4, 2), torch.randn(4, 3)
    gates = inputs @ cell.weight_ih.T
    products = h @ cell.weight_hh.T
    r, z = torch.sigmoid(gates[:, :4] + products[:, :4]).chunk(2, dim=1)

    outputs, _ = cell.step(inputs, GruState(hidden_state=h))

    after = torch.tanh(gates[:, 4:] + r * products[:, 4:])
    before = torch.tanh(gates[:, 4:] + (r * h) @ cell.weight_hh[4:].T)
    torch.testing.assert_close(outputs, (1 - z) * after + z * h)
    assert not torch.allclose(outputs, (1 - z) * before + z * h)


@pytest.mark.parametrize("gate", GRU_GATES)
def test_gru_own_block_of_the_bias_moves_the_outputs(gate: str) -> None:
    cell = closed("reset_gate", 0.0)
    inputs, state = torch.randn(4, 3), GruState(hidden_state=torch.randn(4, 2))
    start = 2 * GRU_GATES.index(gate)
    before, _ = cell.step(inputs, state)

    with torch.no_grad():
        cell.bias[start] += 1.0
    after, _ = cell.step(inputs, state)

    assert (before != after)[:, 0].all()
    assert torch.equal(before[:, 1], after[:, 1])

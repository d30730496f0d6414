"""The sLSTM: the stabilized step equals the plain equations, and does not overflow."""

import torch

from nextword.cells import SlstmCell, SlstmGates, SlstmState, slstm_update


def plain(gates: list[SlstmGates]) -> torch.Tensor:
    """h after all steps, by the equations without a stabilizer."""
    c, n = torch.zeros_like(gates[0].output_gate), torch.zeros_like(gates[0].output_gate)
    for each in gates:
        i, f = torch.exp(each.log_input_gate), torch.exp(each.log_forget_gate)
        c = f * c + i * each.cell_candidate
        n = f * n + i
    return gates[-1].output_gate * c / n


def random_gates(scale: float) -> SlstmGates:
    return SlstmGates(
        log_input_gate=scale * torch.randn(2, 3, dtype=torch.float64),
        log_forget_gate=-torch.rand(2, 3, dtype=torch.float64),
        cell_candidate=torch.tanh(torch.randn(2, 3, dtype=torch.float64)),
        output_gate=torch.rand(2, 3, dtype=torch.float64),
    )


def zero_state() -> SlstmState:
    return SlstmState(*(torch.zeros(2, 3, dtype=torch.float64) for _ in range(4)))


def test_slstm_equals_the_equations_without_a_stabilizer() -> None:
    torch.manual_seed(0)
    gates, state = [random_gates(3.0) for _ in range(9)], zero_state()

    for each in gates:
        state = slstm_update(each, state)

    torch.testing.assert_close(state.hidden_state, plain(gates), rtol=1e-12, atol=1e-13)
    assert state.normalizer.min() >= 1.0


def test_slstm_large_and_small_gates_stay_finite() -> None:
    torch.manual_seed(0)
    state = zero_state()

    for _ in range(20):
        state = slstm_update(random_gates(2000.0), state)

    assert all(torch.isfinite(part).all() for part in state)
    assert state.hidden_state.abs().max() <= 1.0


def test_slstm_num_parameters_and_forget_bias() -> None:
    cell = SlstmCell(5, 3, forget_bias=2.5)

    assert sum(weight.numel() for weight in cell.parameters()) == 4 * 3 * (5 + 3 + 1)
    assert cell.bias.view(4, 3)[1].tolist() == [2.5, 2.5, 2.5]

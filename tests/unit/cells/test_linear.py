import torch

from nextword.cells import LinearCell, LinearState


def test_linear_num_parameters_is_m_times_n_plus_m_plus_1() -> None:
    assert sum(parameter.numel() for parameter in LinearCell(5, 3).parameters()) == 3 * (5 + 3 + 1)


def test_linear_without_inputs_is_a_power_of_the_matrix() -> None:
    torch.manual_seed(0)
    cell = LinearCell(2, 3).double()
    state = LinearState(hidden_state=torch.randn(4, 3, dtype=torch.float64))
    begin = state.hidden_state

    for _ in range(5):
        outputs, state = cell.step(torch.zeros(4, 2, dtype=torch.float64), state)

    power = torch.linalg.matrix_power(cell.weight_hh, 5)
    torch.testing.assert_close(outputs, begin @ power.T, rtol=1e-10, atol=1e-12)


def test_linear_step_of_a_sum_is_the_sum_of_steps() -> None:
    cell, h = LinearCell(2, 3).double(), torch.randn(2, 4, 3, dtype=torch.float64)
    e = torch.randn(2, 4, 2, dtype=torch.float64)

    outputs, _ = cell.step(e[0] + e[1], LinearState(hidden_state=h[0] + h[1]))

    parts = [cell.step(e[index], LinearState(hidden_state=h[index]))[0] for index in (0, 1)]
    torch.testing.assert_close(outputs, parts[0] + parts[1])

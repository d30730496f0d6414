import pytest
import torch

from nextword.cells import (
    NONLINEARITIES,
    ElmanCell,
    ElmanPreactivationCell,
    ElmanState,
    Nonlinearity,
    PreactivationState,
)

nonlinearities = pytest.mark.parametrize("nonlinearity", list(NONLINEARITIES))


@nonlinearities
def test_preactivation_gives_what_elman_gives_from_equal_outputs(
    nonlinearity: Nonlinearity,
) -> None:
    torch.manual_seed(0)
    cell = ElmanPreactivationCell(3, 2, nonlinearity=nonlinearity).double()
    plain = ElmanCell(3, 2, nonlinearity=nonlinearity).double()
    plain.load_state_dict(cell.state_dict())
    state = PreactivationState(hidden_state=torch.randn(4, 2, dtype=torch.float64))
    plain_state = ElmanState(hidden_state=cell.outputs(state.hidden_state))

    for _ in range(4):
        inputs = torch.randn(4, 3, dtype=torch.float64)
        outputs, state = cell.step(inputs, state)
        expected, plain_state = plain.step(inputs, plain_state)
        torch.testing.assert_close(outputs, expected, rtol=1e-10, atol=1e-12)


@nonlinearities
def test_preactivation_jacobian_is_w_times_diagonal(nonlinearity: Nonlinearity) -> None:
    torch.manual_seed(0)
    cell = ElmanPreactivationCell(3, 5, nonlinearity=nonlinearity).double()
    h, inputs = torch.randn(5).double(), torch.randn(1, 3).double()

    def step(hidden_state: torch.Tensor) -> torch.Tensor:
        return cell.step(inputs, PreactivationState(hidden_state=hidden_state[None]))[1][0][0]

    jacobian = torch.autograd.functional.jacobian(step, h)
    slope = torch.autograd.functional.jacobian(cell.outputs, h).diagonal()
    torch.testing.assert_close(jacobian, cell.weight_hh * slope, rtol=1e-10, atol=1e-12)


def test_preactivation_num_parameters_is_m_times_n_plus_m_plus_1() -> None:
    counted = sum(parameter.numel() for parameter in ElmanPreactivationCell(5, 3).parameters())

    assert counted == 3 * (5 + 3 + 1)

import inspect

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nextword.base import ConfigError
from nextword.cells import NONLINEARITIES, ElmanCell, ElmanState, Nonlinearity, elman_step

sizes = st.sampled_from([1, 7, 63])


@settings(max_examples=20)
@given(sizes, sizes)
def test_elman_num_parameters_is_m_times_n_plus_m_plus_1(input_size: int, hidden: int) -> None:
    cell = ElmanCell(input_size, hidden)

    counted = sum(parameter.numel() for parameter in cell.parameters())

    assert counted == hidden * (input_size + hidden + 1)


def test_elman_bias_starts_at_zero() -> None:
    assert torch.equal(ElmanCell(3, 2).bias, torch.zeros(2))


def test_elman_step_by_hand() -> None:
    state = elman_step(
        torch.tensor([[1.0, 2.0]]),
        ElmanState(hidden_state=torch.tensor([[0.5]])),
        weight_ih=torch.tensor([[0.1, 0.2]]),
        weight_hh=torch.tensor([[2.0]]),
        bias=torch.tensor([-0.25]),
        nonlinearity="tanh",
    )

    assert torch.allclose(state.hidden_state, torch.tensor([[1.25]]).tanh())


@pytest.mark.parametrize(
    ("nonlinearity", "low", "high"),
    [("tanh", -1.0, 1.0), ("sigmoid", 0.0, 1.0), ("relu", 0.0, float("inf"))],
)
def test_elman_step_outputs_stay_in_the_range_of_sigma(
    nonlinearity: Nonlinearity, low: float, high: float
) -> None:
    torch.manual_seed(0)
    cell = ElmanCell(7, 63, nonlinearity=nonlinearity)

    outputs, _ = cell.step(3 * torch.randn(9, 7), cell.initial_state(9))

    assert low <= outputs.min() < outputs.max() <= high


@pytest.mark.parametrize("nonlinearity", list(NONLINEARITIES))
def test_elman_step_outputs_are_the_new_state(nonlinearity: Nonlinearity) -> None:
    cell = ElmanCell(3, 2, nonlinearity=nonlinearity)

    outputs, state = cell.step(torch.randn(4, 3), cell.initial_state(4))

    assert torch.equal(outputs, state.hidden_state)


def test_elman_unknown_nonlinearity_names_the_nearest() -> None:
    initialise = inspect.unwrap(ElmanCell.__init__)  # past the checker of types, as users are

    with pytest.raises(ConfigError, match="nonlinearity 'tanhh' is unknown") as caught:
        initialise(ElmanCell.__new__(ElmanCell), 3, 2, nonlinearity="tanhh")

    assert caught.value.help == "Did you mean 'tanh'?"

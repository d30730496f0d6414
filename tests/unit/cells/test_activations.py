import pytest
import torch

from nextword.cells import NONLINEARITIES
from nextword.cells.activations import ACTIVATIONS, tanh_


@pytest.mark.parametrize(
    ("dtype", "limit"), [(torch.float32, 3e-7), (torch.float64, 5e-16)], ids=str
)
def test_tanh_errs_at_the_rounding_of_one(dtype: torch.dtype, limit: float) -> None:
    values = torch.linspace(-30, 30, 10_001, dtype=dtype)
    exact = torch.tanh(values.double())

    error = (tanh_(values.clone()).double() - exact).abs().max()

    assert error < limit


def test_tanh_of_the_ends_is_one() -> None:
    assert tanh_(torch.tensor([-torch.inf, torch.inf])).tolist() == [-1.0, 1.0]


@pytest.mark.parametrize("name", [*NONLINEARITIES, "none"])
def test_activation_is_the_cells_and_its_derivative_that_of_autograd(name: str) -> None:
    plain = NONLINEARITIES.get(name, torch.clone)
    values = torch.tensor([-3.0, -0.5, 0.0, 0.25, 4.0], dtype=torch.float64, requires_grad=True)
    (expected,) = torch.autograd.grad(plain(values).sum(), values)

    activated = ACTIVATIONS[name].apply_(values.detach().clone())

    torch.testing.assert_close(activated, plain(values.detach()))
    torch.testing.assert_close(ACTIVATIONS[name].derivative(activated), expected)

"""The written-out sum of back-propagation through time equals autograd."""

import pytest
import torch

from nextword.lab.claims.c06_bptt_sum import autograd_gradients
from nextword.lab.tools import ElmanWeights, bptt_gradients, forward, step_jacobian


def random_case(num_steps: int) -> tuple[ElmanWeights, torch.Tensor, torch.Tensor]:
    torch.manual_seed(num_steps)
    weights = ElmanWeights.random(input_size=3, hidden_size=5, vocab_size=7)
    inputs = torch.randn(num_steps, 3, dtype=torch.float64)
    return weights, inputs, torch.randint(7, (num_steps,))


@pytest.mark.parametrize("num_steps", [1, 2, 9])
def test_bptt_gradients_equal_autograd(num_steps: int) -> None:
    weights, inputs, target_ids = random_case(num_steps)

    ours = bptt_gradients(weights, inputs, target_ids=target_ids)

    weight_h, weight_e = autograd_gradients(weights, inputs, target_ids=target_ids)
    torch.testing.assert_close(ours.weight_h, weight_h, rtol=1e-10, atol=1e-14)
    torch.testing.assert_close(ours.weight_e, weight_e, rtol=1e-10, atol=1e-14)


def test_parts_by_lag_sum_to_the_gradient() -> None:
    weights, inputs, target_ids = random_case(6)

    ours = bptt_gradients(weights, inputs, target_ids=target_ids)

    assert ours.by_lag_h.shape == (6, 5, 5)
    torch.testing.assert_close(ours.by_lag_h.sum(0), ours.weight_h)


def test_step_jacobian_equals_autograd() -> None:
    weights, inputs, _ = random_case(2)
    hidden, _ = forward(weights, inputs)

    def last(before: torch.Tensor) -> torch.Tensor:
        return torch.tanh(weights.weight_e @ inputs[1] + weights.weight_h @ before + weights.bias)

    expected = torch.autograd.functional.jacobian(last, hidden[1])
    torch.testing.assert_close(step_jacobian(weights, hidden[2]), expected)

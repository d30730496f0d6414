"""In-place nonlinearities, and their derivatives as functions of their results."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


def tanh_(values: Tensor) -> Tensor:
    """Apply tanh in place, as 2 sigmoid(2a) - 1, and return the values.

    On a CPU torch's sigmoid takes a third of the time of its tanh. The absolute error stays at the
    rounding error of 1. The relative error near 0 is larger, which does not matter for values that
    are added to other gates.
    """
    return values.mul_(2).sigmoid_().mul_(2).sub_(1)


@dataclass(frozen=True, kw_only=True)
class Activation:
    """An in-place nonlinearity and its derivative.

    Attributes:
        apply_: σ; overwrites its argument.
        derivative: σ'(a) as a function of h = σ(a).
    """

    apply_: Callable[[Tensor], Tensor]
    derivative: Callable[[Tensor], Tensor]


ACTIVATIONS = {
    "tanh": Activation(apply_=tanh_, derivative=lambda h: 1 - h * h),
    "sigmoid": Activation(apply_=torch.sigmoid_, derivative=lambda h: h * (1 - h)),
    "relu": Activation(apply_=torch.relu_, derivative=lambda h: (h > 0).to(h.dtype)),
    "none": Activation(apply_=lambda a: a, derivative=torch.ones_like),
}

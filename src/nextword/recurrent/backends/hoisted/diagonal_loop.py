"""A diagonal recurrence there and back: one multiplication and one addition a step and entry."""

from typing import Any

import torch
from torch import Tensor


class DiagonalLoop(torch.autograd.Function):
    """All h of h[t] = a[t]∘h[t-1] + b[t].

    Arguments: a and b, (time, batch, hidden), and h[0], (batch, hidden). With g[t] all of the
    gradient that reaches h[t], g[t-1] gets a[t]∘g[t] more, and g[t] is the gradient of b[t].
    """

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, initial: Tensor) -> Tensor:
        """Go through the window."""
        states = torch.empty_like(b)
        before = initial
        for decay, update, after in zip(a.unbind(0), b.unbind(0), states.unbind(0), strict=True):
            before = torch.addcmul(update, decay, before, out=after)
        ctx.save_for_backward(a, initial, states)
        return states

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad_states: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Go back through the window."""
        a, initial, states = ctx.saved_tensors
        gradients = torch.empty_like(states)
        gradients[-1] = grad_states[-1]
        for time in reversed(range(len(states) - 1)):
            torch.addcmul(grad_states[time], a[time + 1], gradients[time + 1], out=gradients[time])
        before = torch.cat([initial[None], states[:-1]])
        return gradients * before, gradients, a[0] * gradients[0]

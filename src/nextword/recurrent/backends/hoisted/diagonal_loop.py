"""A diagonal recurrence there and back: one multiplication and one addition a step and entry."""

from typing import Any

import torch
from torch import Tensor


class DiagonalLoop(torch.autograd.Function):
    """All h of h[t] = a[t]∘h[t-1] + b[t].

    Arguments: a and b, (time, batch, hidden), h[0], (batch, hidden), and a limit or None. With g[t]
    all of the gradient that reaches h[t], g[t-1] gets a[t]∘g[t] more, each component of which goes
    into the limit, and g[t] is the gradient of b[t].
    """

    @staticmethod
    def forward(
        ctx: Any, a: Tensor, b: Tensor, initial: Tensor, threshold: float | None = None
    ) -> Tensor:
        """Go through the window."""
        states = torch.empty_like(b)
        before = initial
        for decay, update, after in zip(a.unbind(0), b.unbind(0), states.unbind(0), strict=True):
            before = torch.addcmul(update, decay, before, out=after)
        ctx.threshold = threshold
        ctx.save_for_backward(a, initial, states)
        return states

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad_states: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        """Go back through the window."""
        a, initial, states = ctx.saved_tensors
        gradients = torch.empty_like(states)
        handed_back = torch.zeros_like(initial)
        steps = zip(a.unbind(0), grad_states.unbind(0), gradients.unbind(0), strict=True)
        for decay, grad_state, gradient in reversed(list(steps)):
            torch.add(grad_state, handed_back, out=gradient)
            torch.mul(decay, gradient, out=handed_back)
            if ctx.threshold is not None:
                handed_back.clamp_(-ctx.threshold, ctx.threshold)
        before = torch.cat([initial[None], states[:-1]])
        return gradients * before, gradients, handed_back, None

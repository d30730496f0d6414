"""The forward and backward pass of a diagonal recurrence: one multiply-add per step and entry."""

from typing import Any

import torch
from torch import Tensor


def run_diagonal_loop(a: Tensor, b: Tensor, *, initial: Tensor, threshold: float | None) -> Tensor:
    """Return all h of h[t] = a[t]∘h[t-1] + b[t], (time, batch, hidden).

    With g[t] the total gradient of h[t], step t contributes a[t]∘g[t] to g[t-1], and the gradient
    of b[t] is g[t].

    Args:
        a: (time, batch, hidden).
        b: (time, batch, hidden).
        initial: h[0], (batch, hidden).
        threshold: Limit on each component of what a step contributes to the gradient of the state
            before it; None for no limit.
    """
    states: Tensor = _DiagonalLoop.apply(a, b, initial, threshold)  # type: ignore[no-untyped-call]
    return states


class _DiagonalLoop(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, initial: Tensor, threshold: float | None) -> Tensor:
        """Run the forward pass."""
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
        """Run the backward pass."""
        a, initial, states = ctx.saved_tensors
        gradients = torch.empty_like(states)
        grad_before = torch.zeros_like(initial)
        steps = zip(a.unbind(0), grad_states.unbind(0), gradients.unbind(0), strict=True)
        for decay, grad_state, gradient in reversed(list(steps)):
            torch.add(grad_state, grad_before, out=gradient)
            torch.mul(decay, gradient, out=grad_before)
            if ctx.threshold is not None:
                grad_before.clamp_(-ctx.threshold, ctx.threshold)
        before = torch.cat([initial[None], states[:-1]])
        return gradients * before, gradients, grad_before, None

"""A layer over a window there and back: a loop with the recurrent product and nothing else large.

The way back keeps the gradients of all products, so that the gradient of the recurrent matrix is
one product over the whole window. Everything is time-major, (time, batch, width), here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nextword.cells import Pointwise, PointwisePass
from nextword.recurrent.backends.hoisted.product import WindowProduct, window_product

_LOW_PRECISIONS = (torch.bfloat16, torch.float16)


@dataclass(frozen=True, kw_only=True)
class LoopOptions:
    """What a window is run with, beside tensors that have gradients.

    Attributes:
        pointwise: The cell's part.
        num_parts: Parts of the state.
        dtype: Number format of the recurrent product's operands.
        mask: What that product's vectors are multiplied with, (batch, hidden).
        held: For each part of the state what share stays as it was, broadcast to
            (time, batch, width); empty where all is new.
        threshold: What no component of the gradient that a step hands back exceeds, if any.
    """

    pointwise: Pointwise
    num_parts: int
    dtype: torch.dtype
    mask: Tensor | None
    held: tuple[Tensor, ...]
    threshold: float | None


class MaskedProduct:
    """A product whose operand is multiplied with a mask first."""

    def __init__(self, product: WindowProduct, mask: Tensor) -> None:
        self.product = product
        self.dtype = product.dtype
        self.mask = mask

    def add(self, addend: Tensor, vectors: Tensor, out: Tensor) -> Tensor:
        """Write addend + (vectors∘mask) Wᵀ to `out` and give it."""
        return self.product.add(addend, vectors * self.mask, out=out)

    def back(self, gradients: Tensor) -> Tensor:
        """Give (gradients W)∘mask."""
        return self.product.back(gradients).mul_(self.mask)


class TimeLoop(torch.autograd.Function):
    """From the inputs' share of the gates and the state to hidden states and the final state.

    Arguments: `LoopOptions`, the input gates (time, batch, gates), the recurrent matrix, the
    parts of the state (batch, width), and the cell's other weights. Results: the hidden states
    (time, batch, hidden) and the parts of the final state.
    """

    @staticmethod
    def forward(
        ctx: Any, options: LoopOptions, input_gates: Tensor, weight_hh: Tensor, *tensors: Tensor
    ) -> tuple[Tensor, ...]:
        """Go through the window."""
        num_steps, num_rows, _ = input_gates.shape
        dtype = torch.float32 if input_gates.dtype in _LOW_PRECISIONS else input_gates.dtype
        state = [part.detach().to(dtype) for part in tensors[: options.num_parts]]
        others = [part.detach().to(dtype) for part in tensors[options.num_parts :]]
        plain = window_product(
            weight_hh,
            num_steps=num_steps,
            num_rows=num_rows,
            dtype=options.dtype,
            states=dtype,
        )
        mask = options.mask
        product = plain if mask is None else MaskedProduct(plain, mask.to(dtype))
        layer = options.pointwise.begin(input_gates.detach().to(dtype), product, others)
        states = [part.new_empty(num_steps + 1, *part.shape) for part in state]
        for part, initial in zip(states, state, strict=True):
            part[0] = initial
        _go_forward(layer, states, options.held)
        hidden_states = states[0][1:]
        ctx.options, ctx.layer, ctx.states = options, layer, states
        ctx.dtypes = [tensor.dtype for tensor in (input_gates, weight_hh, *tensors)]
        ctx.set_materialize_grads(False)
        # Saved so that torch refuses to go back once one of them has been changed in place.
        ctx.save_for_backward(weight_hh, hidden_states)
        return hidden_states, *(part[-1].clone() for part in states)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(
        ctx: Any, grad_hidden: Tensor | None, *grad_final: Tensor | None
    ) -> tuple[Tensor | None, ...]:
        """Go back through the window."""
        _ = ctx.saved_tensors
        options, layer, states = ctx.options, ctx.layer, ctx.states
        gradients = [
            torch.zeros_like(part[-1]) if grad is None else grad.to(part.dtype)
            for part, grad in zip(states, grad_final, strict=True)
        ]
        layer.turn(states)
        gradients = _go_back(layer, gradients, grad_hidden, options)
        found = layer.gradients()
        seen = layer.seen(states)
        seen = seen if options.mask is None else seen * options.mask
        grad_weight = found.products.flatten(0, 1).t() @ seen.flatten(0, 1).to(found.products.dtype)
        results = (found.input_gates, grad_weight, *gradients, *found.others)
        return None, *(result.to(dtype) for result, dtype in zip(results, ctx.dtypes, strict=True))


def _go_forward(layer: PointwisePass, states: Sequence[Tensor], held: Sequence[Tensor]) -> None:
    """Fill the states after the first one, step by step."""
    steps = list(zip(*(part.unbind(0) for part in states), strict=True))
    shares = _per_step(held, len(steps) - 1)
    for time, after in enumerate(steps[1:]):
        before = steps[time]
        layer.step(time, before, after)
        if held:
            for new, old, share in zip(after, before, shares[time], strict=True):
                new.lerp_(old, share)


def _go_back(
    layer: PointwisePass,
    gradients: list[Tensor],
    grad_hidden: Tensor | None,
    options: LoopOptions,
) -> list[Tensor]:
    """Turn the gradient of the final state into that of the initial one."""
    num_steps = len(layer.input_gates)
    shares = _per_step(options.held, num_steps)
    for time in reversed(range(num_steps)):
        if grad_hidden is not None:
            gradients[0] = gradients[0] + grad_hidden[time]
        gradients = _step_back(layer, time, gradients, shares[time])
        if options.threshold is not None:
            gradients = [grad.clamp(-options.threshold, options.threshold) for grad in gradients]
    return gradients


def _step_back(
    layer: PointwisePass, time: int, gradients: list[Tensor], shares: tuple[Tensor, ...]
) -> list[Tensor]:
    """Turn the gradient of the state after a step into that of the one before."""
    if not shares:
        return layer.step_back(time, gradients)
    past = [grad * share for grad, share in zip(gradients, shares, strict=True)]
    new = [grad - passed for grad, passed in zip(gradients, past, strict=True)]
    return [a + b for a, b in zip(layer.step_back(time, new), past, strict=True)]


def _per_step(held: Sequence[Tensor], num_steps: int) -> list[tuple[Tensor, ...]]:
    """Give the shares of each step."""
    if not held:
        return [()] * num_steps
    return list(zip(*(share.unbind(0) for share in held), strict=True))

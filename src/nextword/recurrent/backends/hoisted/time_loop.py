"""The forward and backward pass of a layer: loops whose only large operation is one product.

The backward pass stores the gradients of all products, so that the gradient of the recurrent matrix
is one product over the whole window. All tensors here are time-major, (time, batch, width).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nextword.cells import LayerPass, ManualBackward
from nextword.recurrent.backends.hoisted.product import WindowProduct, window_product

_LOW_PRECISIONS = (torch.bfloat16, torch.float16)


@dataclass(frozen=True, kw_only=True)
class LoopOptions:
    """The arguments of a window that have no gradient.

    Attributes:
        manual: Starts the cell's manual pass.
        num_parts: Number of parts of the state.
        dtype: Dtype of the recurrent product's operands.
        mask: Multiplied with the vectors of that product, (batch, hidden); None for no mask.
        held: For each part of the state the share of the old value that is kept, broadcast to
            (time, batch, width); empty where nothing is kept.
        threshold: Limit on each component of the gradient of the state before a step; None for no
            limit.
    """

    manual: ManualBackward
    num_parts: int
    dtype: torch.dtype
    mask: Tensor | None
    held: tuple[Tensor, ...]
    threshold: float | None


class MaskedProduct:
    """A product whose vectors are multiplied with a mask first."""

    def __init__(self, product: WindowProduct, mask: Tensor) -> None:
        self.product = product
        self.dtype = product.dtype
        self.mask = mask

    def add(self, addend: Tensor, vectors: Tensor, *, out: Tensor) -> Tensor:
        """Compute addend + (vectors∘mask) Wᵀ into `out`, and return it."""
        return self.product.add(addend, vectors * self.mask, out=out)

    def backward(self, gradients: Tensor) -> Tensor:
        """Return (gradients W)∘mask."""
        return self.product.backward(gradients).mul_(self.mask)


def run_time_loop(
    input_gates: Tensor,
    weight_hh: Tensor,
    *,
    state: Sequence[Tensor],
    other_weights: Sequence[Tensor],
    options: LoopOptions,
) -> tuple[Tensor, list[Tensor]]:
    """Run a layer over a window, from the inputs' contribution to the gates.

    Args:
        input_gates: (time, batch, gates).
        weight_hh: The recurrent matrix.
        state: The parts of the state before the window, (batch, width) each.
        other_weights: The cell's other weights.
        options: The arguments without a gradient.

    Returns:
        The hidden states, (time, batch, hidden), and the parts of the final state.
    """
    hidden_states, *final = _TimeLoop.apply(  # type: ignore[no-untyped-call]
        options, input_gates, weight_hh, *state, *other_weights
    )
    return hidden_states, final


class _TimeLoop(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, options: LoopOptions, input_gates: Tensor, weight_hh: Tensor, *tensors: Tensor
    ) -> tuple[Tensor, ...]:
        """Run the forward pass."""
        num_steps, num_rows, _ = input_gates.shape
        dtype = torch.float32 if input_gates.dtype in _LOW_PRECISIONS else input_gates.dtype
        state = [part.detach().to(dtype) for part in tensors[: options.num_parts]]
        other_weights = [part.detach().to(dtype) for part in tensors[options.num_parts :]]
        plain = window_product(
            weight_hh,
            num_steps=num_steps,
            num_rows=num_rows,
            dtype=options.dtype,
            states=dtype,
        )
        mask = options.mask
        product = plain if mask is None else MaskedProduct(plain, mask.to(dtype))
        layer = options.manual.begin(
            input_gates.detach().to(dtype), product, other_weights=other_weights
        )
        states = [part.new_empty(num_steps + 1, *part.shape) for part in state]
        for part, initial in zip(states, state, strict=True):
            part[0] = initial
        _run_forward(layer, states, options.held)
        hidden_states = states[0][1:]
        ctx.options, ctx.layer, ctx.states = options, layer, states
        ctx.dtypes = [tensor.dtype for tensor in (input_gates, weight_hh, *tensors)]
        ctx.set_materialize_grads(False)
        # Saved so that torch refuses the backward pass if one of them was changed in place.
        ctx.save_for_backward(weight_hh, hidden_states)
        return hidden_states, *(part[-1].clone() for part in states)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(
        ctx: Any, grad_hidden: Tensor | None, *grad_final: Tensor | None
    ) -> tuple[Tensor | None, ...]:
        """Run the backward pass."""
        _ = ctx.saved_tensors
        options, layer, states = ctx.options, ctx.layer, ctx.states
        gradients = [
            torch.zeros_like(part[-1]) if grad is None else grad.to(part.dtype)
            for part, grad in zip(states, grad_final, strict=True)
        ]
        layer.precompute_backward(states)
        gradients = _run_backward(layer, gradients, grad_hidden, options)
        found = layer.gradients()
        vectors = layer.product_inputs(states)
        vectors = vectors if options.mask is None else vectors * options.mask
        grad_weight = found.products.flatten(0, 1).t() @ vectors.flatten(0, 1).to(
            found.products.dtype
        )
        results = (found.input_gates, grad_weight, *gradients, *found.other_weights)
        return None, *(result.to(dtype) for result, dtype in zip(results, ctx.dtypes, strict=True))


def _run_forward(layer: LayerPass, states: Sequence[Tensor], held: Sequence[Tensor]) -> None:
    """Compute the states after the first one, step by step."""
    steps = list(zip(*(part.unbind(0) for part in states), strict=True))
    shares = _per_step(held, len(steps) - 1)
    for time, after in enumerate(steps[1:]):
        before = steps[time]
        layer.step(time, before, after=after)
        if held:
            for new, old, share in zip(after, before, shares[time], strict=True):
                new.lerp_(old, share)


def _run_backward(
    layer: LayerPass,
    gradients: list[Tensor],
    grad_hidden: Tensor | None,
    options: LoopOptions,
) -> list[Tensor]:
    """Return the gradient of the initial state from that of the final one."""
    num_steps = len(layer.input_gates)
    shares = _per_step(options.held, num_steps)
    for time in reversed(range(num_steps)):
        if grad_hidden is not None:
            gradients[0] = gradients[0] + grad_hidden[time]
        gradients = _step_backward(layer, time, gradients, shares[time])
        if options.threshold is not None:
            gradients = [grad.clamp(-options.threshold, options.threshold) for grad in gradients]
    return gradients


def _step_backward(
    layer: LayerPass, time: int, gradients: list[Tensor], shares: tuple[Tensor, ...]
) -> list[Tensor]:
    """Return the gradient of the state before a step from that of the state after it."""
    if not shares:
        return layer.step_backward(time, gradients)
    kept = [grad * share for grad, share in zip(gradients, shares, strict=True)]
    new = [grad - old for grad, old in zip(gradients, kept, strict=True)]
    return [a + b for a, b in zip(layer.step_backward(time, new), kept, strict=True)]


def _per_step(held: Sequence[Tensor], num_steps: int) -> list[tuple[Tensor, ...]]:
    """Return the weights of the old state at each step."""
    if not held:
        return [()] * num_steps
    return list(zip(*(share.unbind(0) for share in held), strict=True))

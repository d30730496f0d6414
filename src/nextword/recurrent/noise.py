"""The noise of one recurrent layer in one window, and the kinds of noise a backend may support.

Noise is recurrent dropout, DropConnect, zoneout, and clipping of the gradient of the state.
"""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from nextword.cells import NO_NOISE, CellState, StepNoise

#: Dropout of the hidden state, DropConnect, zoneout, and clipping of the state's gradient.
NoiseKind = Literal["recurrent_dropout", "weight_dropout", "zoneout", "state_clipping"]
EVERY_KIND: frozenset[NoiseKind] = frozenset(
    {"recurrent_dropout", "weight_dropout", "zoneout", "state_clipping"}
)


@dataclass(frozen=True, kw_only=True)
class LayerNoise:
    """The noise of one layer and one window.

    Attributes:
        step: Dropout of the recurrent product.
        held: For each part of the state the weight of the old value, in [0, 1],
            (time, batch or 1, width or 1); empty without zoneout.
        state_threshold: γ: every component of the gradient of the state before a step is clipped to
            [-γ, γ]; None for no clipping.

    Source: clipping in BPTT from [mikolov2012]; the gradient of the loss at a step is added after
    the clipping and is not clipped itself.
    """

    step: StepNoise = NO_NOISE
    held: tuple[Tensor, ...] = ()
    state_threshold: float | None = None

    def limited(self, state: CellState) -> CellState:
        """Return the state for the next step to read, with clipping of its gradient."""
        if self.state_threshold is None:
            return state
        return type(state)(*(_LimitedGradient.apply(part, self.state_threshold) for part in state))  # type: ignore[no-untyped-call]

    def mixed(self, time: int, *, new: CellState, old: CellState) -> CellState:
        """Return the state after a step, interpolated with the old one.

        Args:
            time: Index of the step in `held`.
            new: The state that the cell computed; each part is (batch, width).
            old: The state before the step; its weight in the result is `held[part][time]`.

        Returns:
            The interpolated state; without zoneout, `new` itself.
        """
        if not self.held:
            return new
        parts = zip(new, old, self.held, strict=True)
        return type(new)(*(_interpolated(n, o, share[time]) for n, o, share in parts))


def _interpolated(new: Tensor, old: Tensor, share: Tensor) -> Tensor:
    # Under autocast the new part may have a lower precision than the old one; lerp takes one dtype.
    dtype = torch.promote_types(new.dtype, old.dtype)
    return torch.lerp(new.to(dtype), old.to(dtype), share.to(dtype))


class _LimitedGradient(torch.autograd.Function):
    """The identity; the backward pass clips every component of the gradient to [-γ, γ]."""

    @staticmethod
    def forward(ctx: Any, part: Tensor, threshold: float) -> Tensor:
        """Return the argument."""
        ctx.threshold = threshold
        return part.view_as(part)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        """Return the clipped gradient."""
        return gradient.clamp(-ctx.threshold, ctx.threshold), None


#: No noise and no clipping.
NO_LAYER_NOISE = LayerNoise()

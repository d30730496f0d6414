"""What is done to one layer in one window beside running it, and which kinds a backend can do.

Noise, which chance decides, and a limit on the gradient that a step hands back.
"""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from nextword.cells import NO_NOISE, CellState, StepNoise

#: A mask on what the recurrent product reads, dropped connections, zoneout; and the limit.
NoiseKind = Literal["recurrent_dropout", "weight_dropout", "zoneout", "state_clipping"]
EVERY_KIND: frozenset[NoiseKind] = frozenset(
    {"recurrent_dropout", "weight_dropout", "zoneout", "state_clipping"}
)


@dataclass(frozen=True, kw_only=True)
class LayerNoise:
    """The noise of one layer and one window.

    Attributes:
        step: What disturbs the recurrent product.
        held: For each part of the state what share of it stays as it was, in [0, 1],
            (time, batch or 1, width or 1); empty without zoneout.
        state_threshold: γ, if there is a limit: every component of the gradient that a step hands
            to the state before it is brought into [-γ, γ].

    Source: the limit from [mikolov2012], where the errors are truncated in BPTT; the gradient that
    a step's own loss adds is not clipped.
    """

    step: StepNoise = NO_NOISE
    held: tuple[Tensor, ...] = ()
    state_threshold: float | None = None

    def limited(self, state: CellState) -> CellState:
        """Give a state as a step may read it: whatever gradient it gets is clipped."""
        if self.state_threshold is None:
            return state
        return type(state)(*(_LimitedGradient.apply(part, self.state_threshold) for part in state))  # type: ignore[no-untyped-call]

    def mixed(self, time: int, new: CellState, old: CellState) -> CellState:
        """Give the state after a step, of which some parts have stayed as they were."""
        if not self.held:
            return new
        parts = zip(new, old, self.held, strict=True)
        return type(new)(*(torch.lerp(n, o, share[time].to(n.dtype)) for n, o, share in parts))


class _LimitedGradient(torch.autograd.Function):
    """Gives its argument; on the way back every component goes into [-γ, γ]."""

    @staticmethod
    def forward(ctx: Any, part: Tensor, threshold: float) -> Tensor:
        """Change nothing."""
        ctx.threshold = threshold
        return part.view_as(part)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        """Clip."""
        return gradient.clamp(-ctx.threshold, ctx.threshold), None


#: A layer that is run as it is.
NO_LAYER_NOISE = LayerNoise()

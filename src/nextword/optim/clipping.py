"""Clipping: a limit on the gradient, so that one steep place does not undo a training."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nextword.base import Values
from nextword.optim.config import ClippingConfig

#: Weight of the past in the running mean of the norm.
_MEMORY = 0.99


@dataclass(frozen=True, kw_only=True)
class Clipped:
    """What was done to a gradient.

    Attributes:
        norm: Its Euclidean norm before; not finite when a component is not.
        threshold: γ that was applied; infinite when nothing limits the gradient.
        is_clipped: Whether it was beyond the limit.
        scale: What it has still to be multiplied with.
    """

    norm: float
    threshold: float
    is_clipped: bool
    scale: float = 1.0


class Clipper:
    """Limits gradients in place and remembers the mean norm.

    By norm, g ← γ g / ‖g‖ when ‖g‖ >= γ; by value, each component into [-γ, γ]. A gradient that
    is not finite is left as it is, for the caller to refuse.

    Args:
        config: Kind and threshold.

    Source: Pascanu et al. (2013); lectures 000, 002, 003, 004.
    """

    def __init__(self, config: ClippingConfig) -> None:
        self._config = config
        self._mean_norm = 0.0
        self._num_seen = 0

    def clip(self, gradients: Sequence[Tensor], *, leave_scale: bool = False) -> Clipped:
        """Limit the gradients of one update, taken together.

        Args:
            gradients: Limited in place.
            leave_scale: Whether the update multiplies with `Clipped.scale`, which saves a pass over
                all gradients. Limits by value are not a scale, and are made here.
        """
        norm = float(torch.nn.utils.get_total_norm(gradients)) if gradients else 0.0
        if not math.isfinite(norm):
            return Clipped(norm=norm, threshold=self.threshold, is_clipped=False)
        if self._config.kind == "auto":
            self._observe(norm)
        threshold, scale = self.threshold, 1.0
        if self._config.kind == "value":
            is_clipped = _clip_by_value(gradients, threshold)
        else:
            is_clipped = norm > threshold
            scale = threshold / norm if is_clipped else 1.0
        if scale != 1.0 and not leave_scale:
            torch._foreach_mul_(list(gradients), scale)
            scale = 1.0
        return Clipped(norm=norm, threshold=threshold, is_clipped=is_clipped, scale=scale)

    @property
    def threshold(self) -> float:
        """γ as it stands."""
        if self._config.kind == "none":
            return math.inf
        if self._config.kind == "auto":
            return self._config.factor * self._mean_norm if self._num_seen else math.inf
        return self._config.threshold

    def _observe(self, norm: float) -> None:
        """Move the running mean: a plain mean at first, then one that forgets slowly."""
        self._num_seen += 1
        weight = max(1.0 / self._num_seen, 1.0 - _MEMORY)
        self._mean_norm += weight * (norm - self._mean_norm)

    def state_values(self) -> Values:
        """Give what a checkpoint needs."""
        return {"mean_norm": self._mean_norm, "num_seen": self._num_seen}

    def load_state_values(self, values: Values) -> None:
        """Go on from what `state_values` gave."""
        self._mean_norm, self._num_seen = values["mean_norm"], values["num_seen"]


def _clip_by_value(gradients: Sequence[Tensor], threshold: float) -> bool:
    largest = max((float(g.abs().max()) for g in gradients if g.numel()), default=0.0)
    for gradient in gradients:
        gradient.clamp_(-threshold, threshold)
    return largest > threshold

"""Gradient clipping: a limit on the size of an update, against exploding gradients."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nextword.base import Values
from nextword.optim.config import ClippingConfig

#: Decay of the running mean of the norm.
_DECAY = 0.99


@dataclass(frozen=True, kw_only=True)
class Clipped:
    """The result of clipping a gradient.

    Attributes:
        norm: The Euclidean norm before clipping; not finite when a component is not.
        threshold: The limit γ that was applied; infinite when there is none.
        is_clipped: Whether the gradient exceeded the limit.
        scale: A factor that the caller still has to multiply the gradient with; 1 if none.
    """

    norm: float
    threshold: float
    is_clipped: bool
    scale: float = 1.0


class Clipper:
    """Gradient clipping in place, with a running mean of the gradient norm.

    By norm, g ← γ g / ‖g‖ if ‖g‖ >= γ; by value, each component is clipped to [-γ, γ]. A gradient
    that is not finite is not changed; the caller must refuse it.

    Args:
        config: The settings.

    Source: [pascanu2013]; [lecture-000], [lecture-002], [lecture-003], [lecture-004].
    """

    def __init__(self, config: ClippingConfig) -> None:
        self._config = config
        self._mean_norm = 0.0
        self._num_seen = 0

    def clip(self, gradients: Sequence[Tensor], *, leave_scale: bool = False) -> Clipped:
        """Clip the gradients of one update, as one vector.

        Args:
            gradients: Gradients of the parameters, clipped in place.
            leave_scale: Whether the caller applies `Clipped.scale` in its update, which saves a
                pass over all gradients. Clipping by value is always applied here.

        Returns:
            The norm before clipping, the threshold, and whether it was exceeded.
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
        """The current limit γ; infinite when there is none."""
        if self._config.kind == "none":
            return math.inf
        if self._config.kind == "auto":
            return self._config.factor * self._mean_norm if self._num_seen else math.inf
        return self._config.threshold

    def _observe(self, norm: float) -> None:
        """Update the running mean of the norm: a plain mean at first, then an exponential one."""
        self._num_seen += 1
        weight = max(1.0 / self._num_seen, 1.0 - _DECAY)
        self._mean_norm += weight * (norm - self._mean_norm)

    def state_values(self) -> Values:
        """Return the values that a checkpoint stores."""
        return {"mean_norm": self._mean_norm, "num_seen": self._num_seen}

    def load_state_values(self, values: Values) -> None:
        """Restore the values returned by `state_values`."""
        self._mean_norm, self._num_seen = values["mean_norm"], values["num_seen"]


def _clip_by_value(gradients: Sequence[Tensor], threshold: float) -> bool:
    largest = max((float(g.abs().max()) for g in gradients if g.numel()), default=0.0)
    for gradient in gradients:
        gradient.clamp_(-threshold, threshold)
    return largest > threshold

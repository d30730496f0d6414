"""Gradient norms by lag: how fast a gradient falls or grows over the steps it goes back."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from nextword.base import Values

#: Norms below this one are lost to underflow in float32 and take no part in a fit.
_SMALLEST_NORM = 1e-35
#: Quantiles that are kept beside the mean.
_LOW, _HIGH = 0.1, 0.9


@dataclass(frozen=True, kw_only=True)
class LagCurve:
    """Norm of dL[t]/ds[t-k] for lags k = 0, 1, ..., over positions t.

    Attributes:
        layer: Number of the layer, from 1; 0 for the input embeddings.
        part: Part of the state, such as `hidden_state`; `state` for all parts as one vector;
            `embeddings` for the input embeddings.
        means: Mean norm for each lag.
        low: The quantile of 10% for each lag.
        high: The quantile of 90% for each lag.
        factor: Factor per step of the exponential that fits the means best, from lag 1 on; None if
            fewer than two means are positive.
    """

    layer: int
    part: str
    means: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    factor: float | None

    @property
    def half_life(self) -> float | None:
        """Steps after which the fitted norm is halved; None if it does not fall."""
        if self.factor is None or not 0.0 < self.factor < 1.0:
            return None
        return math.log(0.5) / math.log(self.factor)

    @property
    def ratio(self) -> float | None:
        """The mean norm at the last lag divided by that at lag 0; None if that is 0."""
        return self.means[-1] / self.means[0] if self.means[0] > 0.0 else None

    @property
    def label(self) -> str:
        """Layer and part in words."""
        part = self.part.replace("_", " ")
        return part if self.layer == 0 else f"layer {self.layer} {part}"

    def to_dict(self) -> Values:
        """Return the fields as JSON values."""
        return {**asdict(self), "half_life": self.half_life, "ratio": self.ratio}


def lag_curve(norms: Float[Tensor, "rows lags"], *, layer: int, part: str) -> LagCurve:
    """Return the curve of the norms of gradients, at least one row.

    Args:
        norms: Norm of the gradient of each row's loss, by lag, (rows, lags).
        layer: Number of the layer, from 1; 0 for the input embeddings.
        part: Part of the state.

    Example:
        >>> norms = 0.5 ** torch.arange(4.0).expand(2, 4)
        >>> curve = lag_curve(norms, layer=1, part="hidden_state")
        >>> round(curve.factor, 6), round(curve.half_life, 6), curve.ratio
        (0.5, 1.0, 0.125)
    """
    values = norms.cpu().double()
    quantiles = torch.quantile(values, torch.tensor([_LOW, _HIGH], dtype=torch.float64), dim=0)
    means = values.mean(dim=0).tolist()
    return LagCurve(
        layer=layer,
        part=part,
        means=tuple(means),
        low=tuple(quantiles[0].tolist()),
        high=tuple(quantiles[1].tolist()),
        factor=fitted_factor(means),
    )


def fitted_factor(means: Sequence[float]) -> float | None:
    """Return the factor per step of the exponential that fits norms best, from lag 1 on.

    It is a least-squares fit of the logarithm. Lag 0 is left out because the output layer, not the
    recurrence, determines it.

    Args:
        means: Mean norm for each lag, from lag 0.

    Returns:
        The factor; None if fewer than two norms are positive.
    """
    points = [
        (lag, math.log(mean))
        for lag, mean in enumerate(means)
        if lag > 0 and _SMALLEST_NORM < mean < math.inf
    ]
    if len(points) < 2:
        return None
    lags = torch.tensor([lag for lag, _ in points], dtype=torch.float64)
    logs = torch.tensor([log for _, log in points], dtype=torch.float64)
    centered = lags - lags.mean()
    slope = float(centered @ (logs - logs.mean()) / (centered @ centered))
    return math.exp(slope)

"""Median and quartiles of repeated measurements."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from nextword.base import Values


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Median and quartiles of several values.

    Attributes:
        low: First quartile.
        median: Median.
        high: Third quartile.
        count: Number of values.
    """

    low: float
    median: float
    high: float
    count: int

    @classmethod
    def of(cls, figures: Sequence[float]) -> "Spread":
        """Return the spread of one or more values.

        Example:
            >>> Spread.of([4.0, 1.0, 2.0, 3.0, 10.0])
            Spread(low=2.0, median=3.0, high=4.0, count=5)
        """
        # `quantiles` needs two values; the quartiles of a single value are that value.
        doubled = [*figures, *figures] if len(figures) == 1 else list(figures)
        low, median, high = statistics.quantiles(doubled, n=4, method="inclusive")
        return cls(low=low, median=median, high=high, count=len(figures))

    def to_dict(self) -> Values:
        """Return the fields as JSON values."""
        return asdict(self)

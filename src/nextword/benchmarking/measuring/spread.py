"""A figure that was measured several times: its median and quartiles."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from nextword.base import Values


@dataclass(frozen=True, kw_only=True)
class Spread:
    """The middle of several figures, and how far apart they lie.

    Attributes:
        low: A quarter of them is below.
        median: Half of them is.
        high: Three quarters are.
        count: How many they are.
    """

    low: float
    median: float
    high: float
    count: int

    @classmethod
    def of(cls, figures: Sequence[float]) -> "Spread":
        """Return the spread of at least one figure.

        Example:
            >>> Spread.of([4.0, 1.0, 2.0, 3.0, 10.0])
            Spread(low=2.0, median=3.0, high=4.0, count=5)
        """
        # Of a single figure there are no quartiles to be had but itself.
        doubled = [*figures, *figures] if len(figures) == 1 else list(figures)
        low, median, high = statistics.quantiles(doubled, n=4, method="inclusive")
        return cls(low=low, median=median, high=high, count=len(figures))

    def to_dict(self) -> Values:
        """Return the fields for JSON."""
        return asdict(self)

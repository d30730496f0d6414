"""Calibration: whether predictions made with probability p are right in a share p of the cases."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from nextword.base import Values, require

#: Number of bins in [guo2017].
DEFAULT_NUM_BINS = 15


@dataclass(frozen=True, kw_only=True)
class ReliabilityBin:
    """The predictions whose probability lies in an interval.

    Attributes:
        low: Lower end of the interval, not included.
        high: Upper end of the interval, included. The first bin also includes 0.
        num_items: Number of predictions.
        confidence: Mean probability of the predictions; None if there are none.
        accuracy: Share of the predictions that are right; None if there are none.
    """

    low: float
    high: float
    num_items: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Reliability of predicted probabilities.

    Attributes:
        expected_calibration_error: Mean absolute difference between confidence and accuracy of the
            bins, weighted by their number of predictions; NaN if there are none.
        num_items: Number of predictions.
        bins: Bins of equal width, lowest first.
    """

    expected_calibration_error: float
    num_items: int
    bins: tuple[ReliabilityBin, ...]

    def to_dict(self) -> Values:
        """Return the figures as JSON values."""
        return asdict(self) | {"bins": [asdict(each) for each in self.bins]}

    def draw(self, path: Path) -> None:
        """Draw the reliability diagram as a PNG file.

        Args:
            path: The file to write; its folder must exist.
        """
        # Imported here because matplotlib takes longer to load than a model.
        from nextword.tasks.metrics.pictures import draw_reliability

        draw_reliability(self, path)


class CalibrationCounts:
    """Sums of probabilities and of right predictions by bin; the predictions are not kept.

    Args:
        num_bins: Number of bins of equal width between 0 and 1.

    Raises:
        ConfigError: The number of bins is not positive.

    Source: [naeini2015], [guo2017].

    Example:
        >>> counts = CalibrationCounts(num_bins=2)
        >>> counts.add([0.9, 0.7, 0.4], [True, False, False])
        >>> round(counts.calibration().expected_calibration_error, 4)
        0.3333
    """

    def __init__(self, *, num_bins: int = DEFAULT_NUM_BINS) -> None:
        require(num_bins > 0, f"num_bins is {num_bins}; it must be at least 1.")
        self._numbers = np.zeros(num_bins, dtype=np.int64)
        self._confidences = np.zeros(num_bins)
        self._right = np.zeros(num_bins, dtype=np.int64)

    def add(self, probabilities: Iterable[float], right: Iterable[bool]) -> None:
        """Count predictions.

        Args:
            probabilities: Probability of each prediction, between 0 and 1.
            right: Whether each prediction is right.

        Raises:
            ValueError: The two differ in length, or a number is not a probability.
        """
        values = np.array(list(probabilities), dtype=np.float64)
        is_right = np.array(list(right), dtype=bool)
        if values.shape != is_right.shape:
            raise ValueError(f"{len(values)} probabilities, but {len(is_right)} results.")
        if not ((values >= 0.0) & (values <= 1.0)).all():
            raise ValueError("a probability is not between 0 and 1.")
        num_bins = len(self._numbers)
        places = np.clip(np.ceil(values * num_bins).astype(np.int64) - 1, 0, num_bins - 1)
        np.add.at(self._numbers, places, 1)
        np.add.at(self._confidences, places, values)
        np.add.at(self._right, places, is_right)

    def calibration(self) -> Calibration:
        """Return the calibration of all predictions counted so far."""
        num_items = int(self._numbers.sum())
        gaps = np.abs(self._confidences - self._right).sum()
        return Calibration(
            expected_calibration_error=float(gaps / num_items) if num_items else float("nan"),
            num_items=num_items,
            bins=tuple(map(self._bin, range(len(self._numbers)))),
        )

    def _bin(self, place: int) -> ReliabilityBin:
        number, num_bins = int(self._numbers[place]), len(self._numbers)
        return ReliabilityBin(
            low=place / num_bins,
            high=(place + 1) / num_bins,
            num_items=number,
            confidence=float(self._confidences[place]) / number if number else None,
            accuracy=int(self._right[place]) / number if number else None,
        )

"""What the training loop reports: a record every few updates, and one for each validation."""

from collections.abc import Mapping
from dataclasses import dataclass

from nextword.base import Values


@dataclass(frozen=True, kw_only=True)
class StepRecord:
    """Progress over the updates since the last record.

    Attributes:
        step: Number of updates so far.
        num_steps: Number of updates planned.
        epoch: Epochs so far, as a fraction.
        num_seen: Items trained on so far, repeats included.
        unit: What an item is, in the plural, such as `tokens`.
        figures: Figures of the training loss by name, such as `nll_per_token`.
        headline: The figure to show.
        learning_rate: Learning rate of the last update.
        grad_norm: Mean gradient norm before clipping.
        clip_rate: Fraction of the updates whose gradient was clipped.
        items_per_second: Training speed.
        elapsed_s: Seconds of training so far, over all sittings.
        remaining_s: Estimated seconds left at this speed.
    """

    step: int
    num_steps: int
    epoch: float
    num_seen: int
    unit: str
    figures: Mapping[str, float]
    headline: str
    learning_rate: float
    grad_norm: float
    clip_rate: float
    items_per_second: float
    elapsed_s: float
    remaining_s: float

    @property
    def value(self) -> float:
        """The headline figure."""
        return self.figures[self.headline]

    def to_values(self) -> Values:
        """Return the record as a line of `metrics.jsonl`."""
        return {
            "step": self.step,
            "epoch": round(self.epoch, 4),
            f"num_{self.unit}_seen": self.num_seen,
            **{f"train/{name}": value for name, value in self.figures.items()},
            "train/learning_rate": self.learning_rate,
            "train/grad_norm": self.grad_norm,
            "train/clip_rate": self.clip_rate,
            f"train/{self.unit}_per_second": round(self.items_per_second, 1),
            "elapsed_s": round(self.elapsed_s, 3),
        }


@dataclass(frozen=True, kw_only=True)
class ValidationRecord:
    """A measurement on the validation data.

    Attributes:
        step: Number of updates so far.
        epoch: Epochs so far, as a fraction.
        figures: What was measured, by name.
        headline: The figure to show.
        is_best: Whether it is better than every earlier one.
        elapsed_s: Seconds of training so far.
    """

    step: int
    epoch: float
    figures: Mapping[str, float]
    headline: str
    is_best: bool
    elapsed_s: float

    @property
    def value(self) -> float:
        """The headline figure."""
        return self.figures[self.headline]

    def to_values(self) -> Values:
        """Return the record as a line of `metrics.jsonl`."""
        return {
            "step": self.step,
            "epoch": round(self.epoch, 4),
            **{f"validation/{name}": value for name, value in self.figures.items()},
            "validation/is_best": self.is_best,
            "elapsed_s": round(self.elapsed_s, 3),
        }

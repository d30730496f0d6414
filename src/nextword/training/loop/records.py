"""Records of a training: one every few updates, and one for each validation."""

from collections.abc import Mapping
from dataclasses import dataclass

from nextword.base import Values


@dataclass(frozen=True, kw_only=True)
class StepRecord:
    """Progress over the updates since the last record.

    Attributes:
        step: Number of updates so far.
        num_steps: Number of planned updates.
        epoch: Number of epochs so far, as a fraction.
        num_seen: Number of items trained on so far, including repetitions.
        unit: Name of the items in the plural, such as `tokens`.
        figures: Figures of the training loss by name, such as `nll_per_token`.
        headline: The main figure; a key of `figures`.
        learning_rate: Learning rate of the last update.
        grad_norm: Mean gradient norm before clipping.
        clip_rate: Fraction of the updates whose gradient was clipped.
        items_per_second: Training speed.
        elapsed_s: Duration of training in seconds, including earlier parts of a resumed run.
        remaining_s: Estimated remaining duration in seconds.
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
        epoch: Number of epochs so far, as a fraction.
        figures: Figures of the validation by name.
        headline: The main figure; a key of `figures`.
        is_best: Whether it is better than every earlier one.
        elapsed_s: Duration of training so far, in seconds.
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

"""Counters of a training, which are part of a checkpoint."""

import math
from dataclasses import asdict, dataclass, field

from nextword.base import Values

#: Names of counters in checkpoints of earlier versions.
_EARLIER_NAMES = {"num_tokens_seen": "num_seen", "best_nll": "best_score"}


@dataclass(kw_only=True)
class TrainingProgress:
    """Counters of a training, updated by the trainer.

    Attributes:
        step: Number of updates so far.
        num_steps: Number of planned updates; the length of the learning-rate schedule.
        epoch: Number of epochs completed.
        num_seen: Number of items trained on so far, including repetitions.
        elapsed_s: Duration of training in seconds, including earlier parts of a resumed run.
        best_score: Best validation score so far; lower is better.
        best_step: Step of the best validation.
        num_worse: Number of validations since the best one.
        last_validation_step: Step of the last validation.
        is_validation_due: Whether a signal interrupted the validation of the current step; a
            resumed run starts with it.
        planned_at_step: Step at which `num_steps` was last fitted to the time limit.
        planned_at_s: Duration of training at that step, in seconds.
        is_fitted: Whether `num_steps` has been fitted to the time limit since the limits were set.
        is_finished: Whether the training has ended.
        limits: The limits of epochs, updates and minutes that `num_steps` was planned for.
    """

    step: int = 0
    num_steps: int = 1
    epoch: int = 0
    num_seen: int = 0
    elapsed_s: float = 0.0
    best_score: float = math.inf
    best_step: int = 0
    num_worse: int = 0
    last_validation_step: int = -1
    is_validation_due: bool = False
    planned_at_step: int = 0
    planned_at_s: float = 0.0
    is_fitted: bool = False
    is_finished: bool = False
    limits: list[float | None] = field(default_factory=list)

    def to_values(self) -> Values:
        """Return the counters as JSON values."""
        return asdict(self)

    @classmethod
    def from_values(cls, values: Values) -> "TrainingProgress":
        """Return the counters from the values that `to_values` returned."""
        return cls(**{_EARLIER_NAMES.get(name, name): value for name, value in values.items()})

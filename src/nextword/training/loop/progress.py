"""How far a training has come: the counters of a checkpoint."""

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
        num_steps: Number of updates planned; the schedule runs over them.
        epoch: Number of epochs completed.
        num_seen: Items trained on so far, repeats included.
        elapsed_s: Seconds of training, over all sittings.
        best_score: Best validation score so far; lower is better.
        best_step: Step of the best validation.
        num_worse: Validations since the best one.
        last_validation_step: Step of the last validation.
        planned_at_step: Step at which `num_steps` was last fitted to the time limit.
        planned_at_s: Seconds of training at that step.
        is_fitted: Whether `num_steps` has been fitted since the length was last set.
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
        """Return the counters that `to_values` returned."""
        return cls(**{_EARLIER_NAMES.get(name, name): value for name, value in values.items()})

"""How far a training has come: the numbers that a checkpoint carries beside the tensors."""

import math
from dataclasses import asdict, dataclass, field

from nextword.base import Values


@dataclass(kw_only=True)
class Progress:
    """Counters of a training; the trainer moves them on.

    Attributes:
        step: Updates done.
        num_steps: Updates planned; the schedule runs over them.
        epoch: Times the text has been read to its end.
        num_tokens_seen: Targets trained on, repeats included.
        elapsed_s: Seconds trained, earlier sittings included.
        best_nll: Best validation so far, nats per token.
        best_step: When that was.
        num_worse: Validations since the best one.
        last_validation_step: Update after which the last validation was made.
        planned_at_step: Update after which `num_steps` was last fitted to `max_minutes`.
        planned_at_s: Seconds trained by then.
        is_fitted: Whether it was, since the training began or was given another length.
        is_finished: Whether nothing is left to do.
        limits: The epochs, updates and minutes it was planned for.
    """

    step: int = 0
    num_steps: int = 1
    epoch: int = 0
    num_tokens_seen: int = 0
    elapsed_s: float = 0.0
    best_nll: float = math.inf
    best_step: int = 0
    num_worse: int = 0
    last_validation_step: int = -1
    planned_at_step: int = 0
    planned_at_s: float = 0.0
    is_fitted: bool = False
    is_finished: bool = False
    limits: list[float | None] = field(default_factory=list)

    def to_values(self) -> Values:
        """Give the counters as JSON values."""
        return asdict(self)

    @classmethod
    def from_values(cls, values: Values) -> "Progress":
        """Read what `to_values` gave."""
        return cls(**values)

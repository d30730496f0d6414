"""The settings of the training loop, for any task."""

from dataclasses import dataclass, field

from nextword.optim import AveragingConfig, ClippingConfig, OptimizerConfig, ScheduleConfig


@dataclass(frozen=True, kw_only=True)
class LoopConfig:
    """How long to train, how to update the weights, and when to report, validate and save.

    Attributes:
        epochs: Number of passes over the data.
        max_steps: Maximum number of updates; no limit when None.
        max_minutes: Maximum duration in minutes; the schedule is fitted to it. No limit when None.
        log_every: Number of updates between progress records.
        checkpoint_every: Number of updates between checkpoints; one every two minutes when None.
        validate_every: Number of updates between validations; one per epoch when None.
        patience: Number of validations without improvement after which training stops; training
            does not stop early when None.
        optimizer: The optimizer.
        schedule: The learning-rate schedule.
        clipping: Gradient clipping.
        averaging: Weight averaging.
    """

    epochs: int = 10
    max_steps: int | None = None
    max_minutes: float | None = None
    log_every: int = 50
    checkpoint_every: int | None = None
    validate_every: int | None = None
    patience: int | None = None
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    clipping: ClippingConfig = field(default_factory=ClippingConfig)
    averaging: AveragingConfig = field(default_factory=AveragingConfig)

"""The settings of the training loop, whatever the task."""

from dataclasses import dataclass, field

from nextword.optim import AveragingConfig, ClippingConfig, OptimizerConfig, ScheduleConfig


@dataclass(frozen=True, kw_only=True)
class LoopConfig:
    """How long to train, how to update the weights, and when to report, validate and save.

    Attributes:
        epochs: Number of passes over the data.
        max_steps: Most updates; None for no limit.
        max_minutes: Most minutes; the schedule is fitted to them. None for no limit.
        log_every: Updates between records of progress.
        checkpoint_every: Updates between checkpoints; by time (two minutes) when None.
        validate_every: Updates between validations; after every epoch when None.
        patience: Validations without improvement after which training ends; never when None.
        optimizer: The optimizer.
        schedule: The learning rate over the steps.
        clipping: Gradient clipping.
        averaging: Averaging of the weights.
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

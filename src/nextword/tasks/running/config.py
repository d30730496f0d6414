"""The settings of a training run of any task."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from nextword.base import PositiveFloat, PositiveInt, Values, encode, settings
from nextword.optim import AveragingConfig, ClippingConfig, OptimizerConfig, ScheduleConfig
from nextword.tasks.encoding import EncoderConfig
from nextword.training import LoopConfig, idle_updates


@settings("text")
@dataclass(frozen=True, kw_only=True)
class TaskTextConfig:
    """`text.*`: the files, which the command line sets.

    Attributes:
        train: Training files.
        valid: Validation files; a share of the training data when not set.
        test: Test files, evaluated after training.
        valid_share: Share of the training data that is used for validation when no validation
            file is named.
        init: Model that training starts from: a model of the same task, or a language model whose
            hidden states become features.
    """

    train: tuple[str, ...] = ()
    valid: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    valid_share: Annotated[float, Field(gt=0, lt=1)] = 0.1
    init: str | None = None


@settings("training")
@dataclass(frozen=True, kw_only=True)
class TaskTrainingConfig:
    """`training.*`: batches, length of training, dtype, device and backend.

    Attributes:
        batch_size: Number of sentences or texts in a batch.
        max_length: Longest sequence of words in training; longer ones are split.
        epochs: Number of passes over the training data.
        max_steps: Maximum number of updates.
        max_minutes: Maximum duration in minutes. The learning-rate schedule is fitted to it from
            the first update on, by the measured speed.
        precision: Dtype of activations: `auto`, `float32` or `bfloat16`.
        backend: Implementation of recurrent layers; see `training.backend` of language models.
        checkpoint_every: Number of updates between checkpoints; one every two minutes when not set.
        log_every: Number of updates between progress records.
        seed: Seed of all random number generators.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps` ...
    """

    batch_size: PositiveInt = 32
    max_length: PositiveInt = 512
    epochs: PositiveInt = 15
    max_steps: PositiveInt | None = None
    max_minutes: PositiveFloat | None = None
    precision: Literal["auto", "float32", "bfloat16"] = "float32"
    backend: str = "auto"
    checkpoint_every: PositiveInt | None = None
    log_every: PositiveInt = 50
    seed: int = 1
    device: str = "auto"


@settings("evaluation")
@dataclass(frozen=True, kw_only=True)
class TaskEvaluationConfig:
    """`evaluation.*`: validation during training, and early stopping.

    Attributes:
        every: Number of updates between validations; one per epoch when not set.
        batch_size: Number of sentences or texts in a batch.
        patience: Number of validations without improvement after which training stops; training
            does not stop early when not set.
    """

    every: PositiveInt | None = None
    batch_size: PositiveInt = 64
    patience: PositiveInt | None = None


@dataclass(frozen=True, kw_only=True)
class TaskConfig:
    """The sections that every task has; a task adds its own section to a subclass.

    The subclass is decorated with `settings()`.

    Attributes:
        description: One line about a recipe.
        text: The files.
        encoder: The encoder.
        training: Batches, length of training, dtype, device and backend.
        optimizer: The optimizer.
        schedule: The learning-rate schedule.
        clipping: Gradient clipping.
        averaging: Weight averaging.
        evaluation: Validation during training, and early stopping.
    """

    description: str = ""
    text: TaskTextConfig = field(default_factory=TaskTextConfig)
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    training: TaskTrainingConfig = field(default_factory=TaskTrainingConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    clipping: ClippingConfig = field(default_factory=ClippingConfig)
    averaging: AveragingConfig = field(default_factory=AveragingConfig)
    evaluation: TaskEvaluationConfig = field(default_factory=TaskEvaluationConfig)

    @property
    def loop(self) -> LoopConfig:
        """The settings of the training loop."""
        return LoopConfig(
            epochs=self.training.epochs,
            max_steps=self.training.max_steps,
            max_minutes=self.training.max_minutes,
            log_every=self.training.log_every,
            checkpoint_every=self.training.checkpoint_every,
            validate_every=self.evaluation.every,
            patience=self.evaluation.patience,
            optimizer=self.optimizer,
            schedule=self.schedule,
            clipping=self.clipping,
            averaging=self.averaging,
        )

    def idle_settings(self) -> dict[str, str]:
        """Return the settings that another setting leaves without effect, with the reasons.

        If a user sets one of them to a value other than its default, an error is raised.

        Returns:
            The reason for each setting (`section.key`) or whole section.
        """
        idle = dict(idle_updates(self.loop))
        idle["optimizer.table_learning_rate"] = "the model has no hash table"
        idle["clipping.state_threshold"] = "only language models clip the hidden state's gradient"
        if self.text.valid:
            idle["text.valid_share"] = "a validation file is named"
        # The encoder of a task may have settings of its own.
        if isinstance(self.encoder, EncoderConfig):
            idle |= self.encoder.idle_settings(has_init=self.text.init is not None)
        return idle


def portable(config: TaskConfig) -> Values:
    """Return the settings of a run that do not depend on the machine, for `config.json`.

    The sections of the model are left out; the task adds them.
    """
    values = encode(config)
    del values["text"], values["encoder"], values["training"]["device"]
    del values["training"]["backend"]
    return values

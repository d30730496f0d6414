"""The settings of a training run, as one TOML file holds them."""

from dataclasses import dataclass, field
from typing import Literal

from nextword.base import NonNegativeInt, PositiveFloat, PositiveInt, Probability, require, settings
from nextword.families import (
    AnyModelConfig,
    ModelSettings,
    RecurrentConfig,
    RegularizationConfig,
)
from nextword.layers import EmbeddingConfig, OutputConfig
from nextword.optim import AveragingConfig, ClippingConfig, OptimizerConfig, ScheduleConfig
from nextword.tokens import Reset, TokenizerConfig
from nextword.training.choices.by_text import ChosenByText
from nextword.training.loop import LoopConfig


@settings("text")
@dataclass(frozen=True, kw_only=True)
class TextConfig:
    """`text.*`: the texts, which the command line sets.

    Attributes:
        train: Training texts: files, folders or globs.
        valid: Validation texts; split off `train` when not set.
        test: Test texts, evaluated after training; split off `train` when neither `valid` nor
            `test` is set.
        split: Fractions of the text for training, validation and test, when it is split.
        field: Field of a JSON line that contains the text; `text` in `.jsonl` and `.ndjson` files
            when not set. When set, `.json` files and standard input are read as JSON lines too.
        encoding_errors: `strict` refuses text that is not UTF-8; `surrogateescape` accepts any
            bytes.
        init: Model folder whose weights training starts from, instead of random weights.
    """

    train: tuple[str, ...] = ()
    valid: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    split: tuple[float, float, float] = (0.9, 0.05, 0.05)
    field: str | None = None
    encoding_errors: Literal["strict", "surrogateescape"] = "strict"
    init: str | None = None


@settings("training")
@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """`training.*`: batches, length of training, dtype, device and backend.

    Attributes:
        bptt_steps: Number of steps that gradients are propagated back (k2 of truncated BPTT).
        update_every: Number of targets per row between updates (k1 of truncated BPTT);
            `bptt_steps` when not set.
        batch_size: Number of sequences in a batch.
        accumulation_steps: Number of parts of a batch whose gradients are accumulated, to save
            memory; the update is the same.
        epochs: Number of passes over the training text.
        max_steps: Maximum number of updates.
        max_minutes: Maximum duration in minutes. The learning-rate schedule is fitted to it from
            the first update on, by the measured speed.
        precision: Dtype of activations: `auto`, `float32` or `bfloat16`.
        carry_state: Carry the hidden state over from one window to the next.
        reset: Where the hidden state is reset: `never` (the text is one sequence), at each
            `document` or at each `line`.
        free_running_probability: Probability that a step reads the model's own prediction instead
            of the true token (scheduled sampling); 0 is teacher forcing.
        backend: Implementation of recurrent layers: `auto`, `native` (compiled kernels, if
            installed), `scan` (`min_gru`, `min_lstm` and `rg_lru` in parallel), `hoisted`, `aten`
            (torch's own layers) or `reference`.
        checkpoint_every: Number of updates between checkpoints; one every two minutes when not set.
        log_every: Number of updates between progress records.
        gradients_every: Number of updates between records of gradients: norms by parameter,
            clipping, and the norm by lag; 0 for no records.
        seed: Seed of all random number generators.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps` ...
        by_text: Settings that are chosen by the size of the training text unless they are set:
            `training.batch_size`, `training.epochs`, `regularization.input_dropout` and
            `regularization.output_dropout`. The settings of the run contain the values.
    """

    bptt_steps: PositiveInt = 35
    update_every: PositiveInt | None = None
    batch_size: PositiveInt = 20
    accumulation_steps: PositiveInt = 1
    epochs: PositiveInt = 10
    max_steps: PositiveInt | None = None
    max_minutes: PositiveFloat | None = None
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    carry_state: bool = True
    reset: Reset = "never"
    free_running_probability: Probability = 0.0
    backend: str = "auto"
    checkpoint_every: PositiveInt | None = None
    log_every: PositiveInt = 50
    gradients_every: NonNegativeInt = 200
    seed: int = 1
    device: str = "auto"
    by_text: tuple[ChosenByText, ...] = ()

    def __post_init__(self) -> None:
        longer = max(self.bptt_steps, self.targets_per_update)
        shorter = min(self.bptt_steps, self.targets_per_update)
        require(
            longer % shorter == 0,
            f"update_every is {self.targets_per_update} and bptt_steps is {self.bptt_steps}; one "
            "must be a multiple of the other.",
            help=f"Set training.update_every={self.bptt_steps}.",
        )
        require(
            self.targets_per_update >= self.bptt_steps or self.reset == "never",
            f"update_every is {self.targets_per_update}, less than bptt_steps, {self.bptt_steps}, "
            f"which needs reset 'never', but reset is {self.reset!r}.",
            help="Set training.reset=never or training.update_every=training.bptt_steps.",
        )
        require(
            self.accumulation_steps <= self.batch_size,
            f"accumulation_steps is {self.accumulation_steps}, more than batch_size, "
            f"{self.batch_size}.",
            help=f"Set training.accumulation_steps to at most {self.batch_size}.",
        )

    @property
    def targets_per_update(self) -> int:
        """Number of targets per row between updates (k1)."""
        return self.bptt_steps if self.update_every is None else self.update_every

    @property
    def positions_at_once(self) -> int:
        """Number of targets scored at once: those of a window, or of a part of its rows."""
        rows = -(-self.batch_size // self.accumulation_steps)
        return rows * min(self.bptt_steps, self.targets_per_update)


@settings("evaluation")
@dataclass(frozen=True, kw_only=True)
class EvaluationConfig:
    """`evaluation.*`: validation during training, and early stopping.

    Attributes:
        every: Number of updates between validations; one per epoch when not set.
        batch_size: Number of lanes that the validation text is split into, for speed. The figures
            at the end are those of `nextword evaluate`, which does not split the text.
        patience: Number of validations without improvement after which training stops; training
            does not stop early when not set.
    """

    every: PositiveInt | None = None
    batch_size: PositiveInt = 16
    patience: PositiveInt | None = None


@settings()
@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """All settings of a training run; the same settings give the same run again.

    Attributes:
        description: One line about a recipe.
        text: The texts.
        tokenizer: The tokenizer.
        model: The family and its architecture.
        embedding: The input embedding.
        output: The output head.
        regularization: Dropout, other noise and penalties.
        training: Batches, length of training, dtype, device and backend.
        optimizer: The optimizer.
        schedule: The learning-rate schedule.
        clipping: Gradient clipping.
        averaging: Weight averaging.
        evaluation: Validation during training, and early stopping.
    """

    description: str = ""
    text: TextConfig = field(default_factory=TextConfig)
    tokenizer: TokenizerConfig = field(default_factory=TokenizerConfig)
    model: AnyModelConfig = field(default_factory=RecurrentConfig)
    embedding: EmbeddingConfig = field(default_factory=EmbeddingConfig)
    output: OutputConfig = field(default_factory=OutputConfig)
    regularization: RegularizationConfig = field(default_factory=RegularizationConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    clipping: ClippingConfig = field(default_factory=ClippingConfig)
    averaging: AveragingConfig = field(default_factory=AveragingConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)

    @property
    def model_settings(self) -> ModelSettings:
        """The sections that define the model."""
        return ModelSettings(
            model=self.model,
            embedding=self.embedding,
            output=self.output,
            regularization=self.regularization,
        )

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

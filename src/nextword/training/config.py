"""The settings of one training: one TOML file is one run."""

from dataclasses import dataclass, field
from typing import Literal

from nextword.base import PositiveFloat, PositiveInt, Probability, require, settings
from nextword.families import (
    AnyModelConfig,
    ModelSettings,
    RecurrentConfig,
    RegularizationConfig,
)
from nextword.layers import EmbeddingConfig, OutputConfig
from nextword.optim import AveragingConfig, ClippingConfig, OptimizerConfig, ScheduleConfig
from nextword.tokens import Reset, TokenizerConfig


@settings("text")
@dataclass(frozen=True, kw_only=True)
class TextConfig:
    """`text.*`: what is read; the command line fills it in.

    Attributes:
        train: Texts to train on.
        valid: Texts to validate on; a share of `train` when there is none.
        test: Texts to measure at the end; a share of `train` when neither is given.
        split: Shares of train, valid and test, where the text is cut.
        field: The field of a JSON line that holds the text; `text` in `.jsonl` and `.ndjson` files
            when not given. With a field, `.json` files and standard input are JSON lines too.
        encoding_errors: `strict`, or `surrogateescape` to take any bytes.
        init: A model to start from instead of random weights.
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
    """`training.*`: how the text is read and for how long.

    Attributes:
        bptt_steps: How far back gradients go (k2 of truncated back-propagation).
        update_every: Targets a row between updates (k1); as bptt_steps when not given.
        batch_size: Rows read side by side.
        accumulation_steps: Parts a batch is computed in, to save memory; the update is the same.
        epochs: Times the text is read.
        max_steps: Updates after which training ends, if sooner.
        max_minutes: Minutes after which training ends, if sooner; the schedule is fitted to it.
        precision: `auto`, `float32` or `bfloat16`.
        carry_state: Whether the hidden state goes on from one window to the next.
        reset: Where reading starts afresh: `never` (one text), each `document` or each `line`.
        free_running_probability: Chance that a step reads the model's own output instead of the
            true token (scheduled sampling); 0 is teacher forcing.
        backend: How layers are run over time: `auto`, `native` (compiled kernels, where they are
            installed), `scan` (`min_gru` and `min_lstm` in parallel), `hoisted`, `aten` (torch's
            own layers) or `reference`.
        checkpoint_every: Updates between checkpoints; by time (two minutes) when not given.
        log_every: Updates between records of progress.
        seed: Of every random draw.
        device: `auto`, `cpu`, `cuda` ...
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
    seed: int = 1
    device: str = "auto"

    def __post_init__(self) -> None:
        longer = max(self.bptt_steps, self.targets_per_update)
        shorter = min(self.bptt_steps, self.targets_per_update)
        require(
            longer % shorter == 0,
            f"update_every is {self.targets_per_update} and bptt_steps {self.bptt_steps}; one must "
            "divide the other.",
            help=f"Set training.update_every={self.bptt_steps}.",
        )
        require(
            self.targets_per_update >= self.bptt_steps or self.reset == "never",
            f"update_every ({self.targets_per_update}) below bptt_steps ({self.bptt_steps}) needs "
            f"one long text, but reset is {self.reset!r}.",
            help="Set training.reset=never or training.update_every=training.bptt_steps.",
        )
        require(
            self.accumulation_steps <= self.batch_size,
            f"accumulation_steps is {self.accumulation_steps}, batch_size {self.batch_size}; a "
            "part needs a row.",
            help=f"Set training.accumulation_steps to at most {self.batch_size}.",
        )

    @property
    def targets_per_update(self) -> int:
        """k1: targets a row between updates."""
        return self.bptt_steps if self.update_every is None else self.update_every

    @property
    def positions_at_once(self) -> int:
        """Targets that are scored at once: those of a window, or of a part of its rows."""
        rows = -(-self.batch_size // self.accumulation_steps)
        return rows * min(self.bptt_steps, self.targets_per_update)


@settings("evaluation")
@dataclass(frozen=True, kw_only=True)
class EvaluationConfig:
    """`evaluation.*`: measuring while training.

    Attributes:
        every: Updates between validations; once an epoch when not given.
        batch_size: Lanes the validation text is cut in meanwhile, to be quick; the figures at the
            end are those of `nextword evaluate`, which cuts nothing.
        patience: Validations without improvement after which training stops; never when not given.
    """

    every: PositiveInt | None = None
    batch_size: PositiveInt = 16
    patience: PositiveInt | None = None


@settings()
@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Everything that a training needs to know, and enough to run it again.

    Attributes:
        description: What a recipe is for, in a line.
        text: What is read.
        tokenizer: How text becomes ids.
        model: The family and its sizes.
        embedding: The vectors that stand for tokens.
        output: How probabilities are made.
        regularization: What keeps training from learning the text by heart.
        training: How the text is read and for how long.
        optimizer: The update.
        schedule: The learning rate over the steps.
        clipping: The limit on the gradient.
        averaging: The mean of the weights.
        evaluation: Measuring while training.
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

    def __post_init__(self) -> None:
        require(
            not (self.regularization.penalty and self.training.free_running_probability),
            "regularization.activation_penalty and temporal_penalty are computed over whole "
            "windows, but with training.free_running_probability each step is its own window.",
            help="Set training.free_running_probability=0, or leave the penalties out.",
        )

    @property
    def model_settings(self) -> ModelSettings:
        """The sections that define the model."""
        return ModelSettings(
            model=self.model,
            embedding=self.embedding,
            output=self.output,
            regularization=self.regularization,
        )

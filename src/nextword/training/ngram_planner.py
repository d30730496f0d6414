"""The planner of n-gram models: numbers of n-grams, memory and time before anything is counted."""

from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from nextword.base import Values
from nextword.models import NgramConfig, estimate_ngram
from nextword.text import ByteStream
from nextword.training.config import RunConfig
from nextword.training.data import StageProgress, prepare_data

_MEBIBYTE = 2**20


@dataclass(frozen=True, kw_only=True)
class NgramPlan:
    """What an n-gram model would take.

    Attributes:
        family: `ngram`.
        num_parameters: Probabilities and back-off weights.
        vocab_size: Token ids.
        num_train_tokens: Tokens of the training part.
        num_ngrams: Number of n-grams of each order, order 1 first.
        is_counted: Whether all of the text was counted; else the numbers are estimates.
        model_mib: The tables, MiB.
        counting_mib: Memory of counting beside the tables, MiB.
        disk_mib: What counting writes to disk for a while, MiB.
        minutes: Counting and smoothing; reading the text and measuring come on top.
    """

    family: str
    num_parameters: int
    vocab_size: int
    num_train_tokens: int
    num_ngrams: tuple[int, ...]
    is_counted: bool
    model_mib: float
    counting_mib: float
    disk_mib: float
    minutes: float

    def to_dict(self) -> Values:
        """Return the fields for JSON."""
        return asdict(self)


def plan_ngram(
    config: RunConfig,
    model_config: NgramConfig,
    *,
    on_stage: StageProgress | None = None,
    standard_input: ByteStream | None = None,
) -> NgramPlan:
    """Read the text and count its beginning; nothing is kept.

    Args:
        config: The settings.
        model_config: Those of the model.
        on_stage: Is told of stages.
        standard_input: The stream that the text `-` stands for.

    Raises:
        ConfigError: The settings do not fit the family or the text.
        DataError: A text cannot be read or is too short.
    """
    with TemporaryDirectory(prefix="nextword-plan-") as folder:
        data = prepare_data(
            config.text,
            config.tokenizer,
            folder=Path(folder),
            standard_input=standard_input,
            on_progress=on_stage,
        )
        found = estimate_ngram(data.train, data.tokenizer, config=model_config)
        num_tokens = data.train.num_tokens
    return NgramPlan(
        family=model_config.family,
        num_parameters=found.num_parameters,
        vocab_size=data.tokenizer.vocab_size,
        num_train_tokens=num_tokens,
        num_ngrams=found.num_ngrams,
        is_counted=found.is_counted,
        model_mib=found.model_bytes / _MEBIBYTE,
        counting_mib=found.counting_bytes / _MEBIBYTE,
        disk_mib=found.spilled_bytes / _MEBIBYTE,
        minutes=found.seconds / 60.0,
    )

"""Settings of n-gram models, and their estimation from a token store."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal

from torch import Tensor

from nextword.base import (
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    ProgressCallback,
    require,
    settings,
)
from nextword.families.contract import FitJob, ModelConfig, NetworkSpec
from nextword.families.count_estimate import CountEstimate
from nextword.families.ngram.model import NgramLanguageModel, ngram_from_arrays
from nextword.models import LanguageModel
from nextword.ngrams import (
    BYTES_PER_TOKEN,
    NgramCounts,
    NgramTables,
    Sentences,
    add_k,
    counted_ngrams,
    counting_memory,
    kneser_ney,
    maximum_likelihood,
    sentences_of,
)
from nextword.tokens import Tokenizer, TokenStore

#: Number of tokens that are counted for an estimate; a shorter text is counted completely.
SAMPLE_TOKENS = 2**20
#: Temporary disk space of spilled counts and tables per token and per n-gram, bytes.
_SPILLED_BYTES_PER_TOKEN, _SPILLED_BYTES_PER_NGRAM = 48, 36

#: Sections that only networks have.
_NETWORK_SECTIONS = (
    *("embedding", "output", "regularization", "optimizer", "schedule", "clipping"),
    *("averaging", "evaluation", "training"),
)

Smoothing = Literal["kneser_ney", "add_k", "maximum_likelihood"]
UnknownWords = Literal["auto", "closed", "kenlm"]


@settings("model")
@dataclass(frozen=True, kw_only=True)
class NgramConfig(ModelConfig):
    """`model.*` of the family `ngram`.

    Attributes:
        family: `ngram`.
        order: Tokens in the longest n-grams; a word is predicted from the `order - 1` before it.
        smoothing: `kneser_ney` (interpolated, modified), `add_k`, or `maximum_likelihood`.
        k: The constant that `add_k` adds to every count.
        prune: For each order the count up to which n-grams are dropped, order 1 first (0 there);
            the last value holds for all higher orders. `kneser_ney` only.
        unknown: `closed` counts `<unk>` like a word. `kenlm` leaves it out of the training text
            and assigns it the probability of an unseen word. `auto` counts it if the text has it.

    Raises:
        ConfigError: A value is out of range or does not fit the smoothing.
    """

    is_mapped: ClassVar[bool] = True
    family: Literal["ngram"] = "ngram"
    order: PositiveInt = 5
    smoothing: Smoothing = "kneser_ney"
    k: PositiveFloat = 1.0
    prune: tuple[NonNegativeInt, ...] = ()
    unknown: UnknownWords = "auto"

    def __post_init__(self) -> None:
        require(
            not any(self.prune) or self.smoothing == "kneser_ney",
            f"model.prune is ({', '.join(map(str, self.prune))}), but smoothing {self.smoothing} "
            "has no back-off weights that could take the probability of pruned n-grams.",
            help="Leave model.prune out, or set model.smoothing=kneser_ney.",
        )

    def describe(self) -> str:
        """Return a short description of the model.

        Example:
            >>> NgramConfig(order=3).describe()
            '3-gram, kneser_ney'
        """
        return f"{self.order}-gram, {self.smoothing}"

    def idle_settings(self) -> dict[str, str]:
        """Return the sections and settings that have no effect, with the reasons."""
        idle = dict.fromkeys(_NETWORK_SECTIONS, "an n-gram model is counted, not trained")
        if self.smoothing != "add_k":
            idle["model.k"] = f"model.smoothing is {self.smoothing!r}, not 'add_k'"
        return idle

    def fit(self, job: FitJob) -> LanguageModel:
        """Count the training text and smooth the counts."""
        return train_ngram(
            job.train,
            job.tokenizer,
            config=self,
            temporary_folder=job.temporary_folder,
            on_progress=job.on_progress,
        )

    def estimate(self, store: TokenStore, tokenizer: Tokenizer) -> CountEstimate:
        """Count the beginning of the text and extrapolate to the whole of it."""
        return estimate_ngram(store, tokenizer, config=self)

    def load(
        self, tensors: Mapping[str, Tensor], network: NetworkSpec, *, source: str
    ) -> NgramLanguageModel:
        """Build the model from its tables, which may be memory-mapped."""
        arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
        return ngram_from_arrays(arrays, vocabulary=network.vocabulary, source=source)


def train_ngram(
    store: TokenStore,
    tokenizer: Tokenizer,
    *,
    config: NgramConfig,
    temporary_folder: Path | None = None,
    memory_bytes: int | None = None,
    on_progress: ProgressCallback | None = None,
) -> NgramLanguageModel:
    """Count a text, smooth the counts, and return the model.

    Args:
        store: The training text.
        tokenizer: The tokenizer that encoded it.
        config: Order and smoothing.
        temporary_folder: Folder to which counts that do not fit in `memory_bytes` are spilled; None
            keeps them in memory. The files are removed afterwards.
        memory_bytes: Limit on the memory of counting, without the model, bytes; that of
            `counting_memory` when None.
        on_progress: Called with (stage, done, total) after each part of a text that is spilled, and
            after each part of the smoothing.

    Raises:
        ConfigError: The order exceeds the longest sentence, or the pruning is invalid.
        DataError: There is no token to count.
        MismatchError: The store was encoded by another tokenizer.
    """
    sentences = sentences_of(store, tokenizer, skip_unknown=config.unknown == "kenlm")
    tables = estimate_tables(
        sentences,
        tokenizer,
        config=config,
        temporary_folder=temporary_folder,
        memory_bytes=memory_bytes,
        on_progress=on_progress,
    )
    return NgramLanguageModel(tables, vocabulary=tokenizer.vocabulary_spec)


def estimate_tables(
    sentences: Sentences,
    tokenizer: Tokenizer,
    *,
    config: NgramConfig,
    temporary_folder: Path | None = None,
    memory_bytes: int | None = None,
    on_progress: ProgressCallback | None = None,
) -> NgramTables:
    """Count sentences and smooth the counts; arguments and errors are those of `train_ngram`."""
    with counted_ngrams(
        sentences,
        order=config.order,
        temporary_folder=temporary_folder,
        memory_bytes=memory_bytes,
        on_progress=on_progress,
    ) as counts:
        return _smoothed(counts, tokenizer, config, on_progress)


def _smoothed(
    counts: NgramCounts,
    tokenizer: Tokenizer,
    config: NgramConfig,
    on_progress: ProgressCallback | None = None,
) -> NgramTables:
    never_ids = tokenizer.never_ids
    if config.smoothing == "add_k":
        return add_k(counts, k=config.k, never_ids=never_ids)
    if config.smoothing == "maximum_likelihood":
        return maximum_likelihood(counts)
    smoothed = kneser_ney(counts, never_ids=never_ids, prune=config.prune, on_progress=on_progress)
    return smoothed.tables


def estimate_ngram(
    store: TokenStore,
    tokenizer: Tokenizer,
    *,
    config: NgramConfig,
    sample_tokens: int = SAMPLE_TOKENS,
) -> CountEstimate:
    """Count the beginning of a text and extrapolate to the whole of it.

    Args:
        store: The training text.
        tokenizer: The tokenizer that encoded it.
        config: Order and smoothing.
        sample_tokens: Number of tokens to count, at least 2.

    Returns:
        The estimated size, memory, disk space and time.

    Raises:
        ConfigError: The order is above the longest sentence, or the pruning is invalid.
        DataError: No token is left to count.
    """
    sentences = sentences_of(store, tokenizer, skip_unknown=config.unknown == "kenlm")
    num_tokens = len(sentences.ids)
    is_counted = num_tokens <= sample_tokens
    measured = min(num_tokens, sample_tokens)
    started = time.perf_counter()
    large = _counted(sentences, tokenizer, config, num_tokens=measured)
    seconds = (time.perf_counter() - started) * num_tokens / measured
    numbers = large.num_ngrams
    if not is_counted:
        small = _counted(sentences, tokenizer, config, num_tokens=measured // 2)
        numbers = tuple(
            _extrapolated(half, whole, times=num_tokens / measured, limit=num_tokens)
            for half, whole in zip(small.num_ngrams, large.num_ngrams, strict=True)
        )
    memory_bytes = counting_memory(num_tokens)
    spills = num_tokens * BYTES_PER_TOKEN > memory_bytes
    spilled = num_tokens * _SPILLED_BYTES_PER_TOKEN + sum(numbers) * _SPILLED_BYTES_PER_NGRAM
    return CountEstimate(
        num_ngrams=(large.vocab_size, *numbers[1:]),
        is_counted=is_counted,
        counting_bytes=min(num_tokens * BYTES_PER_TOKEN, memory_bytes),
        spilled_bytes=spilled if spills else 0,
        seconds=seconds,
    )


def _counted(
    sentences: Sentences, tokenizer: Tokenizer, config: NgramConfig, *, num_tokens: int
) -> NgramTables:
    part = replace(
        sentences,
        ids=sentences.ids[:num_tokens],
        starts=sentences.starts[sentences.starts < num_tokens],
    )
    return estimate_tables(part, tokenizer, config=config)


def _extrapolated(half: int, whole: int, *, times: float, limit: int) -> int:
    """Return the number of n-grams in a text that is `times` as long.

    Example:
        >>> _extrapolated(100, 150, times=4.0, limit=10_000)
        337
    """
    growth = min(max(whole / max(half, 1), 1.0), 2.0)
    return min(int(whole * math.pow(growth, math.log2(times))), max(limit, whole))

"""Settings of an n-gram model, and its estimation from a token store."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from torch import Tensor

from nextword.base import STRICT, require, require_range
from nextword.families.contract import FitJob, ModelConfig, NetworkSpec
from nextword.families.ngram.model import NgramLanguageModel, ngram_from_arrays
from nextword.models import LanguageModel
from nextword.ngrams import (
    MEMORY_BYTES,
    NgramCounts,
    NgramTables,
    add_k,
    counted_ngrams,
    kneser_ney,
    maximum_likelihood,
    sentences_of,
)
from nextword.tokens import Tokenizer, TokenStore

Smoothing = Literal["kneser_ney", "add_k", "maximum_likelihood"]
UnknownWords = Literal["auto", "closed", "kenlm"]


@STRICT
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
            and gives it the probability of an unseen word. `auto` counts it where the text has it.

    Raises:
        ConfigError: A value is out of range or makes no sense for the smoothing.
    """

    is_mapped: ClassVar[bool] = True
    family: Literal["ngram"] = "ngram"
    order: int = 5
    smoothing: Smoothing = "kneser_ney"
    k: float = 1.0
    prune: tuple[int, ...] = ()
    unknown: UnknownWords = "auto"

    def __post_init__(self) -> None:
        require_range("model.order", self.order, low=1)
        require_range("model.k", self.k, low=0.0, open_low=True)
        require(
            not any(self.prune) or self.smoothing == "kneser_ney",
            f"model.prune is ({', '.join(map(str, self.prune))}), but smoothing {self.smoothing} "
            "has no back-off to give the pruned counts to.",
            help="Leave model.prune out, or set model.smoothing=kneser_ney.",
        )
        for count in self.prune:
            require_range("model.prune", count, low=0)

    def describe(self) -> str:
        """Return a short description of the model.

        Example:
            >>> NgramConfig(order=3).describe()
            '3-gram, kneser_ney'
        """
        return f"{self.order}-gram, {self.smoothing}"

    def fit(self, job: FitJob) -> LanguageModel:
        """Count the training text and smooth the counts."""
        return train_ngram(
            job.train, job.tokenizer, config=self, temporary_folder=job.temporary_folder
        )

    def load(
        self, tensors: Mapping[str, Tensor], network: NetworkSpec, *, source: str
    ) -> NgramLanguageModel:
        """Build the model from its tables, which may stay mapped into memory."""
        arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
        return ngram_from_arrays(arrays, vocabulary=network.vocabulary, source=source)


def train_ngram(
    store: TokenStore,
    tokenizer: Tokenizer,
    *,
    config: NgramConfig,
    temporary_folder: Path | None = None,
    memory_bytes: int = MEMORY_BYTES,
) -> NgramLanguageModel:
    """Count a text, smooth the counts, and return the model.

    Args:
        store: The training text.
        tokenizer: The tokenizer that encoded it.
        config: Order and smoothing.
        temporary_folder: Where counts that do not fit in `memory_bytes` are spilled; None keeps
            them in memory. The files are removed again.
        memory_bytes: Memory that counting may take, apart from the model.

    Raises:
        ConfigError: The order exceeds the longest sentence, or the pruning is invalid.
        DataError: There is no token to count.
        MismatchError: The store was encoded by another tokenizer.
    """
    sentences = sentences_of(store, tokenizer, skip_unknown=config.unknown == "kenlm")
    with counted_ngrams(
        sentences,
        order=config.order,
        temporary_folder=temporary_folder,
        memory_bytes=memory_bytes,
    ) as counts:
        tables = _smoothed(counts, tokenizer, config)
    return NgramLanguageModel(tables, vocabulary=tokenizer.vocabulary_spec)


def _smoothed(counts: NgramCounts, tokenizer: Tokenizer, config: NgramConfig) -> NgramTables:
    never_ids = tokenizer.never_ids
    if config.smoothing == "add_k":
        return add_k(counts, k=config.k, never_ids=never_ids)
    if config.smoothing == "maximum_likelihood":
        return maximum_likelihood(counts)
    return kneser_ney(counts, never_ids=never_ids, prune=config.prune).tables

"""Estimating an n-gram model from a token store. Knows nothing of run folders."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nextword.base import full_disk_errors
from nextword.models.ngram import NgramLanguageModel, ngram_of_tables
from nextword.models.ngram_config import NgramConfig
from nextword.ngrams import (
    NgramCounts,
    NgramTables,
    Sentences,
    add_k,
    count_ngrams,
    count_spilling,
    kneser_ney,
    maximum_likelihood,
    sentences_of,
)
from nextword.tokens import Tokenizer, TokenStore

#: Texts that take more than this to count spill to disk, where a folder is given.
MEMORY_BYTES = 2 << 30
#: What counting in memory takes at the peak.
BYTES_PER_TOKEN = 96


def train_ngram(
    store: TokenStore,
    tokenizer: Tokenizer,
    *,
    config: NgramConfig,
    temporary_folder: Path | None = None,
    memory_bytes: int = MEMORY_BYTES,
) -> NgramLanguageModel:
    """Count a text and smooth the counts.

    Args:
        store: The training text.
        tokenizer: What made the store.
        config: Order and smoothing.
        temporary_folder: Where counts spill to that do not fit `memory_bytes`; in memory when
            None. What is written there is removed again.
        memory_bytes: What counting may take; the finished model comes on top.

    Raises:
        ConfigError: The order is above the longest sentence, or the pruning makes no sense.
        DataError: No token is left to count.
        MismatchError: Another tokenizer made the store.
    """
    sentences = sentences_of(store, tokenizer, skip_unknown=config.unknown == "kenlm")
    tables = estimate_tables(
        sentences,
        tokenizer,
        config=config,
        temporary_folder=temporary_folder,
        memory_bytes=memory_bytes,
    )
    return ngram_of_tables(tables, tokenizer)


def estimate_tables(
    sentences: Sentences,
    tokenizer: Tokenizer,
    *,
    config: NgramConfig,
    temporary_folder: Path | None = None,
    memory_bytes: int = MEMORY_BYTES,
) -> NgramTables:
    """Count sentences and smooth the counts; arguments and errors are those of `train_ngram`."""
    with counted_ngrams(
        sentences,
        order=config.order,
        temporary_folder=temporary_folder,
        memory_bytes=memory_bytes,
    ) as counts:
        return _smoothed(counts, tokenizer, config)


@contextmanager
def counted_ngrams(
    sentences: Sentences,
    *,
    order: int,
    temporary_folder: Path | None = None,
    memory_bytes: int = MEMORY_BYTES,
) -> Iterator[NgramCounts]:
    """Count the n-grams of a text; the counts hold inside the block.

    Args:
        sentences: The text.
        order: Length of the longest n-grams.
        temporary_folder: Where counts spill to that do not fit `memory_bytes`; in memory when
            None. What is written there is removed again.
        memory_bytes: What counting may take.

    Raises:
        ConfigError: The order is below 1 or above the longest sentence.
        DataError: No token is left to count.
    """
    if temporary_folder is None or len(sentences.ids) * BYTES_PER_TOKEN <= memory_bytes:
        yield count_ngrams(sentences, order=order)
        return
    with (
        full_disk_errors(temporary_folder),
        tempfile.TemporaryDirectory(prefix="ngrams-", dir=temporary_folder) as folder,
    ):
        yield count_spilling(sentences, order=order, folder=Path(folder), memory_bytes=memory_bytes)


def _smoothed(counts: NgramCounts, tokenizer: Tokenizer, config: NgramConfig) -> NgramTables:
    never_ids = tokenizer.never_ids
    if config.smoothing == "add_k":
        return add_k(counts, k=config.k, never_ids=never_ids)
    if config.smoothing == "maximum_likelihood":
        return maximum_likelihood(counts)
    return kneser_ney(counts, never_ids=never_ids, prune=config.prune).tables

"""Estimating an n-gram model from a token store. Knows nothing of run folders."""

import tempfile
from pathlib import Path

from nextword.models.ngram import NgramLanguageModel, ngram_of_tables
from nextword.models.ngram_config import NgramConfig
from nextword.ngrams import (
    NgramCounts,
    NgramTables,
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
_BYTES_PER_TOKEN = 96


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
    if temporary_folder is None or store.num_tokens * _BYTES_PER_TOKEN <= memory_bytes:
        tables = _smoothed(count_ngrams(sentences, order=config.order), tokenizer, config)
    else:
        with tempfile.TemporaryDirectory(prefix="ngrams-", dir=temporary_folder) as folder:
            counts = count_spilling(
                sentences, order=config.order, folder=Path(folder), memory_bytes=memory_bytes
            )
            tables = _smoothed(counts, tokenizer, config)
    return ngram_of_tables(tables, tokenizer)


def _smoothed(counts: NgramCounts, tokenizer: Tokenizer, config: NgramConfig) -> NgramTables:
    never_ids = tokenizer.never_ids
    if config.smoothing == "add_k":
        return add_k(counts, k=config.k, never_ids=never_ids)
    if config.smoothing == "maximum_likelihood":
        return maximum_likelihood(counts)
    return kneser_ney(counts, never_ids=never_ids, prune=config.prune).tables

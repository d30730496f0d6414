"""Estimating an n-gram model from a token store, and reading one from an ARPA file.

Knows nothing of run folders.
"""

import tempfile
from pathlib import Path

from nextword.models.ngram import NgramLanguageModel
from nextword.models.ngram_config import NgramConfig
from nextword.ngrams import (
    LineStream,
    NgramCounts,
    NgramTables,
    add_k,
    count_ngrams,
    count_spilling,
    kneser_ney,
    maximum_likelihood,
    read_arpa,
    sentences_of,
)
from nextword.tokens import Tokenizer, TokenStore, Vocabulary

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
    return _model(tables, tokenizer)


def ngram_from_arpa(stream: LineStream, *, name: str) -> tuple[NgramLanguageModel, Tokenizer]:
    """Read an ARPA file as a model and the tokenizer of its words.

    Args:
        stream: Its bytes, decompressed.
        name: What it is called in errors.

    Raises:
        FormatError: The file is malformed; the message names the line.
    """
    arpa = read_arpa(stream, name=name)
    tokenizer = Tokenizer(Vocabulary(kind="word", tokens=arpa.words))
    return _model(arpa.tables, tokenizer), tokenizer


def _smoothed(counts: NgramCounts, tokenizer: Tokenizer, config: NgramConfig) -> NgramTables:
    never_ids = tokenizer.never_ids
    if config.smoothing == "add_k":
        return add_k(counts, k=config.k, never_ids=never_ids)
    if config.smoothing == "maximum_likelihood":
        return maximum_likelihood(counts)
    return kneser_ney(counts, never_ids=never_ids, prune=config.prune).tables


def _model(tables: NgramTables, tokenizer: Tokenizer) -> NgramLanguageModel:
    return NgramLanguageModel(
        tables,
        boundary_id=tokenizer.boundary_id,
        start_id=tokenizer.sentence_start_id,
        never_ids=tokenizer.never_ids,
    )

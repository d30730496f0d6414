"""Pretrained word vectors: words for the vocabulary, and rows for the embedding table."""

import logging
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from nextword.base import ConfigError, DataError, checked_path
from nextword.layers import (
    EmbeddingConfig,
    WordVectors,
    first_other_words,
    open_vectors,
    read_vectors,
)
from nextword.models import NeuralLanguageModel
from nextword.text import open_stream
from nextword.tokens import Tokenizer, VocabularyTokenizer

_logger = logging.getLogger(__name__)

#: If less than this fraction of the vocabulary is found, a warning names the likely cause.
_FEW = 0.1


class PretrainedVectors:
    """The file of word vectors that initialize the embeddings; the constructor reads its header.

    Args:
        config: Settings of the kind `pretrained`.

    Raises:
        ConfigError: No file is named.
        DataError: The file cannot be read, or is not a file of word vectors.
    """

    def __init__(self, config: EmbeddingConfig) -> None:
        if config.path is None:
            raise ConfigError(
                "embedding.kind is 'pretrained', but no file is named.",
                help="Set embedding.path=FILE (word2vec, GloVe or fastText .vec).",
            )
        self._path = checked_path(config.path)
        self._num_words = config.add_words
        with open_stream(self._path) as stream:
            open_vectors(stream, name=config.path)

    @property
    def extend(self) -> Callable[[VocabularyTokenizer], VocabularyTokenizer] | None:
        """Function that adds words of the file to a vocabulary; None if no words are added."""
        return self._with_words if self._num_words else None

    def fill(self, model: NeuralLanguageModel, tokenizer: Tokenizer) -> None:
        """Copy the vectors into the embedding table; rows of other words keep their values.

        Logs how many tokens were found, as a notice that the command line always displays, and
        warns about words that were skipped.

        Args:
            model: The model whose embedding table is filled in place.
            tokenizer: Its tokenizer.

        Raises:
            ConfigError: The embeddings of the model have another width, or are not one table.
            DataError: The file is malformed, or contains no word of the vocabulary.
        """
        ids = {tokenizer.token_text(number): number for number in range(tokenizer.vocab_size)}
        with open_stream(self._path) as stream:
            found = read_vectors(stream, name=str(self._path), wanted=ids.keys())
        table = _table_for(found, model, self._path)
        for skipped in found.losses.warnings():
            _logger.warning("%s: %s", self._path, skipped)
        if not found.words:
            raise DataError(
                f"{self._path} has none of the {len(ids):,} tokens of the vocabulary. "
                f"{found.losses.likely_cause()}",
                help="Use vectors of the same language, with words spelled as in the text.",
            )
        rows = torch.tensor([ids[word] for word in found.words], device=table.device)
        with torch.no_grad():
            table[rows] = torch.from_numpy(found.vectors).to(table)
        self._log_found(found, len(ids))

    def _log_found(self, found: WordVectors, vocab_size: int) -> None:
        share = len(found.words) / vocab_size
        _logger.log(
            logging.WARNING if share < _FEW else logging.INFO,
            "%s has vectors for %s of the %s tokens of the vocabulary (%.1f %%)%s",
            self._path,
            f"{len(found.words):,}",
            f"{vocab_size:,}",
            100.0 * share,
            f". {found.losses.likely_cause()}" if share < _FEW else "",
            extra={"notice": True},
        )

    def _with_words(self, tokenizer: VocabularyTokenizer) -> VocabularyTokenizer:
        known = {tokenizer.token_text(number) for number in range(tokenizer.vocab_size)}
        with open_stream(self._path) as stream:
            words = first_other_words(
                stream, name=str(self._path), known=known, limit=self._num_words
            )
        _logger.info("%s words of %s are added to the vocabulary", f"{len(words):,}", self._path)
        return tokenizer.with_words(words)


def _table_for(found: WordVectors, model: NeuralLanguageModel, path: Path) -> Tensor:
    """Return the embedding table that the vectors are copied to."""
    size, table = found.vectors.shape[1], model.embedding
    if not isinstance(table, Tensor):
        raise ConfigError(
            f"{path} holds vectors of {size} numbers, but the model has no table of one width.",
            help="Set embedding.kind=trained.",
        )
    if table.shape[1] != size:
        raise ConfigError(
            f"{path} holds vectors of {size} numbers, but the model's embeddings have "
            f"{table.shape[1]}.",
            help=f"Set model.embedding_size={size}.",
        )
    return table

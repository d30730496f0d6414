"""Pretrained vectors into a run: words for its vocabulary, rows for its embedding table."""

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

#: Below this share of the vocabulary, a warning names the likely cause.
_FEW = 0.1


class PretrainedVectors:
    """The file of vectors that a run begins with; its beginning is read at once.

    Args:
        config: Settings of the kind `pretrained`.

    Raises:
        ConfigError: No file is named.
        DataError: The file cannot be read, or is none of word vectors.
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
        """Function that adds the file's words to a vocabulary; None if none are to be added."""
        return self._with_words if self._num_words else None

    def fill(self, model: NeuralLanguageModel, tokenizer: Tokenizer) -> None:
        """Copy the vectors into a model's table; words that the file lacks keep their own.

        Logs how many tokens were found, as a notice that the command line always shows, and warns
        of words that were skipped.

        Raises:
            ConfigError: The model's vectors have another width, or it has no such table.
            DataError: The file is malformed, or has no word of the vocabulary.
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
                help="Give vectors of the same language, with words spelt as in the text.",
            )
        rows = torch.tensor([ids[word] for word in found.words], device=table.device)
        with torch.no_grad():
            table[rows] = torch.from_numpy(found.vectors).to(table)
        self._say_found(found, len(ids))

    def _say_found(self, found: WordVectors, vocab_size: int) -> None:
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
        _logger.info("%s words enter the vocabulary from %s", f"{len(words):,}", self._path)
        return tokenizer.with_words(words)


def _table_for(found: WordVectors, model: NeuralLanguageModel, path: Path) -> Tensor:
    """Return the table that the vectors go into."""
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

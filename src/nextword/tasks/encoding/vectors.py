"""Pretrained word vectors: words for the vocabulary, and rows for the embedding table."""

import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from nextword.base import ConfigError, DataError, checked_path
from nextword.layers import first_other_words, read_vectors
from nextword.tasks.encoding.config import EncoderConfig
from nextword.tasks.encoding.encoder import SequenceEncoder
from nextword.tasks.encoding.vocabulary import TokenVocabulary, build_vocabulary
from nextword.text import open_stream

_logger = logging.getLogger(__name__)

_FEW = 0.1


def training_vocabulary(
    sentences: Iterable[Sequence[str]], config: EncoderConfig, *, located: Callable[[str], str]
) -> TokenVocabulary:
    """Build the vocabulary of the training data, with words of `encoder.vectors` if it is set.

    Args:
        sentences: The words of each training sentence.
        config: The settings.
        located: Returns a path that can be opened from the current folder.

    Raises:
        DataError: The file of word vectors cannot be read.
    """
    vocabulary = build_vocabulary(sentences, config)
    if config.vectors is None or config.add_words == 0:
        return vocabulary
    path = checked_path(located(config.vectors))
    with open_stream(path) as stream:
        words = first_other_words(
            stream, name=str(path), known=set(vocabulary.words), limit=config.add_words
        )
    return vocabulary.with_words(words)


def read_word_vectors(
    path: str | Path,
    encoder: SequenceEncoder,
    *,
    vocabulary: TokenVocabulary,
    freeze: bool = False,
) -> None:
    """Copy word vectors into the embedding table of an encoder, and log how many were found.

    Args:
        path: The file.
        encoder: The encoder, changed in place.
        vocabulary: Its vocabulary.
        freeze: Whether the table is not trained.

    Raises:
        ConfigError: The embeddings have another width.
        DataError: The file is malformed, or has no word of the vocabulary.
    """
    path = checked_path(path)
    with open_stream(path) as stream:
        found = read_vectors(stream, name=str(path), wanted=frozenset(vocabulary.words))
    for skipped in found.losses.warnings():
        _logger.warning("%s: %s", path, skipped)
    size = found.vectors.shape[1]
    table = encoder.words
    if table is None or table.output_size != size:
        width = 0 if table is None else table.output_size
        raise ConfigError(
            f"{path} holds vectors of {size} numbers, but the word embeddings have {width}.",
            help=f"Set encoder.word_embedding_size={size}.",
        )
    num_words = vocabulary.num_training
    num_found = sum(1 for word in found.words if vocabulary.is_known(word))
    if not found.words:
        raise DataError(
            f"{path} has none of the {num_words:,} words of the training data. "
            f"{found.losses.likely_cause()}",
            help="Use vectors of the same language, with words spelled as in the data.",
        )
    table.fill(found, vocabulary, freeze=freeze)
    share = num_found / max(1, num_words)
    _logger.log(
        logging.WARNING if share < _FEW else logging.INFO,
        "%s has vectors for %s of the %s words of the training data (%.1f %%)%s",
        path,
        f"{num_found:,}",
        f"{num_words:,}",
        100.0 * share,
        f". {found.losses.likely_cause()}" if share < _FEW else "",
        extra={"notice": True},
    )

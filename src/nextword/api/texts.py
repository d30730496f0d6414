"""The text arguments of the API: `texts` are sources or a corpus, `text` is the text itself."""

import logging
from collections.abc import Sequence
from pathlib import Path

from nextword.base import ConfigError, DataError
from nextword.text import Corpus, open_corpus, text_document

#: Files, folders, globs or `stdlib:`, or a corpus.
Texts = str | Sequence[str] | Corpus

_logger = logging.getLogger(__name__)


def named_corpus(texts: Texts | None, text: str | None) -> Corpus:
    """Return the corpus for the arguments `texts` and `text`.

    Args:
        texts: Names of sources, or a corpus. A single string that contains a newline is taken as
            the text itself.
        text: The text itself.

    Raises:
        ConfigError: Both are given, or neither.
        DataError: A source cannot be found.
    """
    if (texts is None) == (text is None):
        raise ConfigError(
            "texts and text are both given." if text is not None else "no text is given.",
            help='Pass files as texts="corpus.txt", or the text itself as text="the old man".',
        )
    if text is not None:
        return _literal(text)
    if isinstance(texts, str) and "\n" in texts:
        return _literal(texts)
    if isinstance(texts, Corpus):
        return texts
    try:
        return open_corpus([texts] if isinstance(texts, str) else list(texts or ()))
    except DataError as error:
        if not isinstance(texts, str) or " " not in texts:
            raise
        raise DataError(
            error.message,
            help=f"{error.help} To evaluate the string itself, pass it as text=.",
        ) from error


def _literal(text: str) -> Corpus:
    if text and "\n" not in text and _is_file(text):
        _logger.warning(
            "text=%r is evaluated as the text itself, but it is also the name of a file; "
            "to evaluate the file, pass texts=%r.",
            text,
            text,
        )
    document = text_document(text, name="text")
    return Corpus(description="text", open_documents=lambda: iter([document]))


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):
        return False

"""Detect control characters that are rarely meant: NUL, byte order marks, line ends of CR only.

A word tokenizer reads NUL and CR as blanks. NUL characters remain in a file after a crash, and
lower the figures per character and per byte; without line feeds a text has no sentence ends. A byte
order mark inside a text, as in concatenated files, becomes part of a word.
"""

import logging
from collections.abc import Mapping

_logger = logging.getLogger(__name__)

#: A text without line feeds and with at least this many carriage returns has line ends of CR.
_MIN_CARRIAGE_RETURNS = 2
_BYTE_ORDER_MARK = "\ufeff"


class ControlCharacters:
    """Counts the control characters of a text, document by document."""

    def __init__(self) -> None:
        self._num_nul = self._num_marks = self._num_returns = self._num_feeds = 0
        self._with_nul: dict[str, int] = {}
        self._with_marks: dict[str, int] = {}
        self._without_feeds: dict[str, int] = {}

    def read(self, text: str) -> None:
        """Read the next piece of a document."""
        self._num_nul += text.count("\0")
        self._num_marks += text.count(_BYTE_ORDER_MARK)
        self._num_returns += text.count("\r")
        self._num_feeds += text.count("\n")

    def end_document(self, name: str) -> None:
        """Record the document that was read since the last call.

        Args:
            name: Name of the document.
        """
        if self._num_nul:
            self._with_nul[name] = self._num_nul
        if self._num_marks:
            self._with_marks[name] = self._num_marks
        if self._num_returns >= _MIN_CARRIAGE_RETURNS and not self._num_feeds:
            self._without_feeds[name] = self._num_returns
        self._num_nul = self._num_marks = self._num_returns = self._num_feeds = 0

    def warn(self) -> None:
        """Log a warning for each kind of control characters that was found."""
        _warn(
            self._with_nul,
            "NUL characters, which are read as blanks; figures per character and per byte are too "
            "low. A file has them after a crash or if it is not text. Check it, and remove them: "
            "tr -d '\\0' <OLD >NEW",
        )
        _warn(
            self._with_marks,
            "byte order marks (U+FEFF) after its start, as in concatenated files; a word with one "
            "counts as another word. Remove them: sed 's/\\xef\\xbb\\xbf//g' <OLD >NEW",
        )
        _warn(
            self._without_feeds,
            "carriage returns (CR) and no line feed, so it is read as one line. Convert the file: "
            "tr '\\r' '\\n' <OLD >NEW",
        )


def _warn(counts: Mapping[str, int], what: str) -> None:
    """Log a warning about the first document of those that contain something."""
    if counts:
        name, count = next(iter(counts.items()))
        others = f" (and {len(counts) - 1:,} more)" if len(counts) > 1 else ""
        _logger.warning("%s%s contains %s %s", name, others, f"{count:,}", what)

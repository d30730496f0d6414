"""Reading an ARPA file by lines, and splitting and parsing the fields of a line.

Fields are separated by spaces, tabs, carriage returns and newlines only, as in KenLM. A form feed,
a vertical tab, U+00A0, U+0085 or U+2028 is part of a word. Errors name the file and the line.
"""

import math
import re
from collections.abc import Callable, Iterator
from typing import NoReturn, Protocol, runtime_checkable

from nextword.base import ConfigError, DataError, FormatError

MAX_LINE_BYTES = 1 << 20
#: Lines between two calls of `on_progress`.
_REPORT_EVERY = 1 << 15
#: Far larger than any log-probability of a model, and within the range of float32.
_LARGEST = 1e9
_NUMBER = re.compile(
    rb"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?|-inf(?:inity)?", re.IGNORECASE
)
_MAX_NUMBER_BYTES = 64
#: Separators of fields, also stripped from both ends of a line.
_SEPARATORS = b" \t\r\n"
_SEPARATOR = re.compile(rb"[ \t\r\n]+")


@runtime_checkable
class LineStream(Protocol):
    """A binary stream that is read by lines, such as an open file."""

    def readline(self, size: int = ..., /) -> bytes:
        """Return the next line with its line end, at most `size` bytes; empty at the end."""
        ...


class ArpaLines:
    """Iterable over the lines of an open ARPA file that are not blank.

    Args:
        stream: The decompressed bytes.
        name: Name of the file in error messages.
        encoding: Encoding of the words; `check_encoding` must accept it.
        on_progress: Called with the number of lines read so far.

    Attributes:
        number: Number of the line that was returned last, from 1.
        is_indented: Whether that line began with a space or tab.
    """

    def __init__(
        self,
        stream: LineStream,
        *,
        name: str,
        encoding: str = "utf-8",
        on_progress: Callable[[int], None] | None = None,
    ) -> None:
        self._stream = stream
        self._name = name
        self._encoding = encoding
        self._on_progress = on_progress
        self.number = 0
        self.is_indented = False

    def __iter__(self) -> Iterator[bytes]:
        """Iterate over the lines that are not blank, stripped of separators at both ends."""
        while line := self._read():
            self.number += 1
            if self._on_progress is not None and self.number % _REPORT_EVERY == 0:
                self._on_progress(self.number)
            if content := line.strip(_SEPARATORS):
                self.is_indented = not line.startswith(content)
                yield content

    def fail(self, message: str, *, line: int | None = None, help: str = "") -> NoReturn:
        """Raise a FormatError that names a line.

        Args:
            message: What is wrong.
            line: Number of the line; the one returned last by default.
            help: How to mend it.

        Raises:
            FormatError: Always.
        """
        number = self.number if line is None else line
        raise FormatError(f"{self._name}, line {number:,}: {message}", help=help)

    def log_prob(self, field: bytes) -> float:
        """Parse a log10 probability; it must be at most 0."""
        value = self._number(field)
        if value > 0:
            self.fail(
                f"the log-probability {value:g} is above 0, so the probability is above 1.",
                help="IRSTLM writes such files; estimate the model with another program.",
            )
        return value

    def backoff(self, field: bytes) -> float:
        """Parse a log10 back-off weight; it must be finite and may be positive."""
        value = self._number(field)
        if math.isinf(value):
            self.fail(f"the back-off weight {_shown(field)} is not finite.")
        return value

    def word(self, field: bytes) -> str:
        """Decode a word."""
        try:
            return field.decode(self._encoding)
        except UnicodeDecodeError:
            self.fail(
                f"{_shown(field)} is not {self._encoding.upper()}.",
                help="Name the encoding of the file, such as --encoding latin-1 (in Python "
                "encoding='latin-1'), or convert the file to UTF-8.",
            )

    def _number(self, field: bytes) -> float:
        if len(field) > _MAX_NUMBER_BYTES or not _NUMBER.fullmatch(field):
            self.fail(f"{_shown(field)} is not a number.")
        value = float(field)
        if value != -math.inf and abs(value) > _LARGEST:
            self.fail(f"{_shown(field)} is out of range.")
        return value

    def _read(self) -> bytes:
        try:
            line = self._stream.readline(MAX_LINE_BYTES + 1)
        except DataError as error:
            self.fail(
                f"cannot read the rest of the file: {error.message}",
                line=self.number + 1,
                help=error.help,
            )
        if len(line) > MAX_LINE_BYTES:
            self.fail(f"the line is longer than {MAX_LINE_BYTES:,} bytes.", line=self.number + 1)
        return line


def fields_of(line: bytes) -> list[bytes]:
    """Split a line, already stripped of separators, into its fields."""
    # bytes.split is faster, but it also splits at vertical tabs and form feeds.
    if b"\v" in line or b"\f" in line:
        return _SEPARATOR.split(line)
    return line.split()


def is_number(field: bytes) -> bool:
    """Return whether a field has the form of a number."""
    return _NUMBER.fullmatch(field) is not None


def check_encoding(encoding: str) -> None:
    """Check that an encoding exists and is a superset of ASCII.

    Raises:
        ConfigError: It is unknown, or encodes ASCII characters differently, such as UTF-16.
    """
    ascii_bytes = bytes(range(128))
    try:
        is_compatible = ascii_bytes.decode("ascii").encode(encoding) == ascii_bytes
    except (LookupError, UnicodeError, ValueError) as error:
        raise ConfigError(
            f"the encoding {encoding!r} is unknown.", help="Use utf-8, latin-1, cp1252 or cp1251."
        ) from error
    if not is_compatible:
        raise ConfigError(
            f"an ARPA file cannot be read in the encoding {encoding!r}: its spaces and line ends "
            "are not those of ASCII.",
            help=f"Convert the file first: iconv -f {encoding} -t utf-8 FILE",
        )


def _shown(field: bytes) -> str:
    """Return a field for an error message, shortened and printable."""
    text = field[:_MAX_NUMBER_BYTES].decode("utf-8", errors="backslashreplace")
    return repr(text) + ("..." if len(field) > _MAX_NUMBER_BYTES else "")

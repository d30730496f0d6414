"""The lines of an ARPA file with their numbers, and what a line may hold.

Every refusal names the file and the line. Knows nothing of n-grams beyond one line.
"""

import math
import re
import zlib
from collections.abc import Callable, Iterator
from typing import NoReturn, Protocol, runtime_checkable

from nextword.base import FormatError

MAX_LINE_BYTES = 1 << 20
#: Lines between two reports of progress.
_REPORT_EVERY = 1 << 15
#: No log-probability of a model comes near it, and it fits single precision.
_LARGEST = 1e9
_NUMBER = re.compile(
    rb"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?|-inf(?:inity)?", re.IGNORECASE
)
_MAX_NUMBER_BYTES = 64


@runtime_checkable
class LineStream(Protocol):
    """Bytes that are read by lines, such as an open file."""

    def readline(self, size: int = ..., /) -> bytes:
        """Give the next line with its end, or `size` bytes of it; nothing at the end."""
        ...


class ArpaLines:
    """The lines of an open ARPA file that are not blank.

    Args:
        stream: Bytes, decompressed.
        name: What the file is called in errors.
        on_progress: Is told how many lines were read.

    Attributes:
        number: Number of the line that was given last; the first is 1.
    """

    def __init__(
        self,
        stream: LineStream,
        *,
        name: str,
        on_progress: Callable[[int], None] | None = None,
    ) -> None:
        self._stream = stream
        self._name = name
        self._on_progress = on_progress
        self.number = 0

    def __iter__(self) -> Iterator[bytes]:
        """Give each line that is not blank, without blanks around it."""
        while line := self._read():
            self.number += 1
            if self._on_progress is not None and self.number % _REPORT_EVERY == 0:
                self._on_progress(self.number)
            if line := line.strip():
                yield line

    def fail(self, message: str, *, line: int | None = None, help: str = "") -> NoReturn:
        """Refuse the file at a line, the one given last unless another is named."""
        number = self.number if line is None else line
        raise FormatError(f"{self._name}, line {number:,}: {message}", help=help)

    def log_prob(self, field: bytes) -> float:
        """Read the logarithm of a probability: at most 0."""
        value = self._number(field)
        if value > 0:
            self.fail(
                f"the log-probability {value:g} is above 0, so it stands for more than 1.",
                help="IRSTLM writes such files; estimate the model with another program.",
            )
        return value

    def backoff(self, field: bytes) -> float:
        """Read the logarithm of a back-off weight: finite, either sign."""
        value = self._number(field)
        if math.isinf(value):
            self.fail(f"the back-off weight {_shown(field)} is not finite.")
        return value

    def word(self, field: bytes) -> str:
        """Decode a word."""
        try:
            return field.decode("utf-8")
        except UnicodeDecodeError:
            self.fail(f"{_shown(field)} is not UTF-8.", help="Convert the file to UTF-8.")

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
        except (OSError, EOFError, zlib.error) as error:
            self.fail(f"the file cannot be read on ({error}).", line=self.number + 1)
        if len(line) > MAX_LINE_BYTES:
            self.fail(f"the line is longer than {MAX_LINE_BYTES:,} bytes.", line=self.number + 1)
        return line


def _shown(field: bytes) -> str:
    """Show a field of a file in an error, shortened and printable."""
    text = field[:_MAX_NUMBER_BYTES].decode("utf-8", errors="backslashreplace")
    return repr(text) + ("..." if len(field) > _MAX_NUMBER_BYTES else "")

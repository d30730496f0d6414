"""Standard streams that were closed before the program started. Knows no commands.

cron, systemd, and `<&-`, `>&-` or `2>&-` in a shell start a program without them. Python then sets
them to None, and the next opened file would reuse their file descriptor.
"""

import io
import os
import sys
from pathlib import Path
from typing import Literal

_NAMES = ("stdin", "stdout", "stderr")


class _ClosedInput(io.RawIOBase):
    """Replacement of a closed standard input. Reading from it raises a DataError."""

    def readable(self) -> bool:
        """Return True; the error is raised by reading."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Raise a DataError."""
        from nextword.base import DataError

        raise DataError(
            "standard input is closed; there is nothing to read.",
            help="Name a file, or send the text through a pipe.",
        )


class _Nowhere(io.TextIOWrapper):
    """Replacement of a closed standard output or error. Writing to it has no effect."""

    def __init__(self) -> None:
        nowhere = Path(os.devnull).open("wb")  # noqa: SIM115
        super().__init__(nowhere, encoding="utf-8", errors="backslashreplace")


def replace_closed_streams() -> None:
    """Replace each closed standard stream, and occupy its file descriptor."""
    for number, name in enumerate(_NAMES):
        if getattr(sys, name) is None:
            _occupy(number)
            is_input = name == "stdin"
            stand_in = io.TextIOWrapper(io.BufferedReader(_ClosedInput())) if is_input else None
            setattr(sys, name, stand_in or _Nowhere())


def require_standard_output() -> None:
    """Raise an error if standard output is closed, because the result would be lost.

    Raises:
        ConfigError: Standard output is closed.
    """
    if not isinstance(sys.stdout, _Nowhere):
        return
    from nextword.base import ConfigError

    raise ConfigError(
        "standard output is closed; the result would be lost.",
        help="Redirect it to a file, as in nextword ... > result.txt, or to /dev/null.",
    )


def forget_unwritten(name: Literal["stdout", "stderr"]) -> None:
    """Discard what could not be written to a standard stream, such as a pipe that nobody reads.

    Otherwise Python writes it again when the process ends, and the exit code is 120.

    Args:
        name: The stream.
    """
    stream = getattr(sys, name)
    try:
        stream.flush()
    except OSError:
        _open_null_device(stream.fileno())


def _occupy(number: int) -> None:
    """Open the null device with a given file descriptor, unless the descriptor is in use."""
    try:
        os.fstat(number)
    except OSError:
        _open_null_device(number)


def _open_null_device(number: int) -> None:
    """Open the null device with a given file descriptor, which is closed first if it is open."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    if nowhere != number:
        os.dup2(nowhere, number)
        os.close(nowhere)

"""Standard streams that were closed before the program began. Knows no commands.

cron, systemd and `<&-`, `>&-`, `2>&-` in a shell start a program without them; Python then has
None in their place, and the next file that is opened would take over their numbers.
"""

import io
import os
import sys
from pathlib import Path

_NAMES = ("stdin", "stdout", "stderr")


class _ClosedInput(io.RawIOBase):
    """What stands for a standard input that is closed: reading from it is an error."""

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Refuse."""
        from nextword.base import DataError

        raise DataError(
            "standard input is closed; there is nothing to read.",
            help="Name a file, or send the text through a pipe.",
        )


class _Nowhere(io.TextIOWrapper):
    """What stands for a standard output or error that is closed: writing to it does nothing."""

    def __init__(self) -> None:
        nowhere = Path(os.devnull).open("wb")  # noqa: SIM115
        super().__init__(nowhere, encoding="utf-8", errors="backslashreplace")


def replace_closed_streams() -> None:
    """Put a stream in the place of each standard stream that is closed, and keep its number."""
    for number, name in enumerate(_NAMES):
        if getattr(sys, name) is None:
            _occupy(number)
            is_input = name == "stdin"
            stand_in = io.TextIOWrapper(io.BufferedReader(_ClosedInput())) if is_input else None
            setattr(sys, name, stand_in or _Nowhere())


def require_standard_output() -> None:
    """Refuse a command whose only result goes to a standard output that is closed.

    Raises:
        ConfigError: Standard output is closed.
    """
    if not isinstance(sys.stdout, _Nowhere):
        return
    from nextword.base import ConfigError

    raise ConfigError(
        "standard output is closed; the result would be lost.",
        help="Send it to a file, as in nextword ... > result.txt, or to /dev/null.",
    )


def _occupy(number: int) -> None:
    """Open the null device under the number of a stream, unless something has that number."""
    try:
        os.fstat(number)
    except OSError:
        nowhere = os.open(os.devnull, os.O_RDWR)
        if nowhere != number:
            os.dup2(nowhere, number)
            os.close(nowhere)

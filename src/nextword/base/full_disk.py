"""A full disk: told from other errors, and said in one way everywhere.

Some libraries raise an OSError, others (safetensors, tokenizers, torch) a class of their own with
the system's words in the message; NumPy counts the bytes that were not written.
"""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nextword.base.errors import DiskFullError

_NUMBERS = frozenset({errno.ENOSPC, errno.EDQUOT})
_WORDS = re.compile(
    r"No space left on device|Disk quota exceeded|\d+ requested and \d+ written", re.IGNORECASE
)


def is_full_disk(error: BaseException) -> bool:
    """Tell whether an error, or one that it was raised from, says that a disk is full.

    Example:
        >>> is_full_disk(OSError(28, "No space left on device")), is_full_disk(OSError(2, "none"))
        (True, False)
    """
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, DiskFullError):
            return True
        if isinstance(found, OSError) and found.errno is not None:
            if found.errno in _NUMBERS:
                return True
        elif _WORDS.search(str(found)):
            return True
        found = found.__cause__
    return False


def disk_full(place: str | Path) -> DiskFullError:
    """Return the error for a disk that has no space left for a file or folder."""
    return DiskFullError(
        f"the disk is full: no space is left to write {place}.",
        help="Free some space on that disk and run the command again. What was saved there before "
        "is whole; a training goes on from its last checkpoint by --resume auto.",
    )


@contextmanager
def full_disk_errors(place: str | Path) -> Iterator[None]:
    """Turn whatever says that the disk is full into a DiskFullError that names the place.

    Args:
        place: The file or folder that is written in the block; of blocks inside each other the
            outermost names it.

    Raises:
        DiskFullError: The disk is full.
    """
    try:
        yield
    except Exception as error:
        if is_full_disk(error):
            raise disk_full(place) from error
        raise

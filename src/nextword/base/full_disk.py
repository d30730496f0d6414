"""Detection of a full disk and of too large a file, which libraries report in different ways.

Some raise an OSError. Others (safetensors, tokenizers, torch) raise their own class with the
system's message; NumPy reports the number of bytes that were written.
"""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nextword.base.errors import DiskFullError

_NUMBERS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_TOO_LARGE = "File too large"
_WORDS = re.compile(
    rf"No space left on device|Disk quota exceeded|{_TOO_LARGE}|\d+ requested and \d+ written",
    re.IGNORECASE,
)


def is_full_disk(error: BaseException) -> bool:
    """Return whether an error, or one of its causes, means that a disk is full or a file too large.

    Example:
        >>> is_full_disk(OSError(28, "No space left on device")), is_full_disk(OSError(2, "none"))
        (True, False)
    """
    for found in causes(error):
        if isinstance(found, DiskFullError):
            return True
        if isinstance(found, OSError) and found.errno is not None:
            if found.errno in _NUMBERS:
                return True
        elif _WORDS.search(str(found)):
            return True
    return False


def disk_full(place: str | Path, error: BaseException | None = None) -> DiskFullError:
    """Return the error for a full disk on which a file or folder was to be written.

    Args:
        place: The file or folder.
        error: What was raised; it can also mean that a file is too large.
    """
    if error is not None and _is_too_large(error):
        return DiskFullError(
            f"a file is larger than the system allows: {place} cannot be written.",
            help="Raise the limit of the shell (ulimit -f unlimited), or write to a file system "
            "for larger files.",
        )
    return DiskFullError(
        f"the disk is full: no space is left to write {place}.",
        help="Free some space on that disk and run the command again. What was saved there before "
        "is complete; --resume auto continues a training from its last checkpoint.",
    )


@contextmanager
def full_disk_errors(place: str | Path) -> Iterator[None]:
    """Convert every error that means a full disk into a DiskFullError that names the place.

    Args:
        place: The file or folder that the block writes; of nested blocks the outermost names it.

    Raises:
        DiskFullError: The disk is full.
    """
    try:
        yield
    except Exception as error:
        if is_full_disk(error):
            raise disk_full(place, error) from error
        raise


def _is_too_large(error: BaseException) -> bool:
    return any(
        (isinstance(found, OSError) and found.errno == errno.EFBIG)
        or _TOO_LARGE.lower() in str(found).lower()
        for found in causes(error)
    )


def causes(error: BaseException) -> Iterator[BaseException]:
    """Iterate over an error and its causes; an error can be the cause of itself."""
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        yield found
        seen.add(id(found))
        found = found.__cause__

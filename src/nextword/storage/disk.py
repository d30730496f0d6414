"""Conversion of OSError to CheckpointError."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nextword.base import CheckpointError, full_disk_errors


def reason(error: OSError) -> str:
    """Return the text of an operating system error.

    Example:
        >>> reason(OSError(28, "No space left on device"))
        'No space left on device'
    """
    return error.strerror or str(error)


@contextmanager
def disk_errors(place: Path) -> Iterator[None]:
    """Convert every OSError inside the block to a CheckpointError.

    Args:
        place: The file or folder that is written, for the message.

    Raises:
        DiskFullError: The disk is full.
        CheckpointError: Writing failed for another reason.
    """
    with full_disk_errors(place):
        try:
            yield
        except OSError as error:
            raise CheckpointError(f"cannot save {place}: {reason(error)}.") from error

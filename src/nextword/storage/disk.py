"""What the operating system refuses, as errors of ours with the reason in words.

Knows nothing of folders and formats.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nextword.base import CheckpointError, full_disk_errors


def reason(error: OSError) -> str:
    """Say in words why the operating system refused.

    Example:
        >>> reason(OSError(28, "No space left on device"))
        'No space left on device'
    """
    return error.strerror or str(error)


@contextmanager
def disk_errors(place: Path) -> Iterator[None]:
    """Turn a refusal to write below `place` into a CheckpointError with the reason.

    Raises:
        DiskFullError: The disk is full.
        CheckpointError: The system refuses for another reason.
    """
    with full_disk_errors(place):
        try:
            yield
        except OSError as error:
            raise CheckpointError(f"cannot save {place}: {reason(error)}.") from error

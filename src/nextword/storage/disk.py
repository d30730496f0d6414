"""What the operating system refuses, as errors of ours with the reason in words.

Knows nothing of folders and formats.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nextword.base import CheckpointError


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
        CheckpointError: The block raised an OSError.
    """
    try:
        yield
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        raise CheckpointError(
            f"Cannot save {place}: {reason(error)}.",
            help="Free some space; what was saved earlier is untouched." if full else "",
        ) from error

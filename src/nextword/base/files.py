"""Writing files so that a crash leaves either the old content or the new, never a mixture."""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from nextword.base.full_disk import full_disk_errors

_DEFAULT_FILE_MODE = 0o666


def fsync_folder(folder: Path) -> None:
    """Make the names inside a folder durable: a rename is only safe after this."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fsync_file(path: Path) -> None:
    """Make the content of a file written by somebody else durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def file_mode_under_umask() -> int:
    """Permission bits a plainly created file gets; some writers ignore the umask."""
    umask = os.umask(0)
    os.umask(umask)
    return _DEFAULT_FILE_MODE & ~umask


@contextmanager
def atomic_writer(path: Path) -> Iterator[BinaryIO]:
    """Open a binary file that appears under its name only when the block ends without an error.

    Args:
        path: Where the finished file shall stand; its folder must exist.

    Yields:
        A writable binary file.

    Raises:
        DiskFullError: The disk is full.
    """
    with full_disk_errors(path), _written(path) as file:
        yield file


@contextmanager
def _written(path: Path) -> Iterator[BinaryIO]:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(file_mode_under_umask())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    fsync_folder(path.parent)


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file's content atomically and durably."""
    with atomic_writer(path) as file:
        file.write(content)


def write_json(path: Path, value: Any) -> None:
    """Replace a JSON file atomically; keys keep their order, NaN is refused."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    write_bytes(path, (text + "\n").encode("utf-8"))

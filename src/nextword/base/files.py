"""Atomic writing of files: after a crash a file has either its old or its new content."""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from nextword.base.full_disk import full_disk_errors

_DEFAULT_FILE_MODE = 0o666


def fsync_folder(folder: Path) -> None:
    """Flush the entries of a folder to disk; a rename inside it is only durable afterwards."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fsync_file(path: Path) -> None:
    """Flush the content of a file to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def file_mode_under_umask() -> int:
    """Return the permission bits of a new file under the umask, which some libraries ignore."""
    umask = os.umask(0)
    os.umask(umask)
    return _DEFAULT_FILE_MODE & ~umask


@contextmanager
def created_folder(folder: Path) -> Iterator[None]:
    """Create a folder and the folders above it for the block that writes into it.

    If the block raises an error, the folders that it created and that are still empty are removed.

    Args:
        folder: The folder; it may exist.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for path in missing:
            with suppress(OSError):
                path.rmdir()
        raise


@contextmanager
def atomic_writer(path: Path) -> Iterator[BinaryIO]:
    """Open a binary file for writing that replaces `path` when the block ends without an error.

    Args:
        path: The file; its folder must exist.

    Yields:
        A writable binary file.

    Raises:
        DiskFullError: The disk is full.
    """
    with full_disk_errors(path):
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
    """Replace the content of a file atomically and durably."""
    with atomic_writer(path) as file:
        file.write(content)


def write_json(path: Path, value: Any) -> None:
    """Replace a JSON file atomically; keys keep their order, and NaN raises ValueError.

    Names of files that are not UTF-8 have surrogates, which are written as escapes.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    try:
        content = text.encode("utf-8")
    except UnicodeEncodeError:
        content = json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False).encode("ascii")
    write_bytes(path, content + b"\n")

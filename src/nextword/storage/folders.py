"""Atomic replacement of a folder: after a crash the old or the new folder exists, complete.

The new folder is written as `NAME.tmp`. The old one is renamed to `.NAME.replaced` and then removed
(not `NAME.old`, which may be a user's backup). A reader in another process finds `NAME` at any
time, or completes the replacement itself.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from nextword.base import (
    CheckpointError,
    FormatError,
    created_folder,
    file_mode_under_umask,
    fsync_file,
    fsync_folder,
)
from nextword.storage.disk import disk_errors, reason
from nextword.storage.manifest import MANIFEST_NAME, verify_manifest, write_manifest

Outcome = TypeVar("Outcome")

_READ_ATTEMPTS = 10


def save_folder(folder: Path, write: Callable[[Path], None]) -> None:
    """Create or replace a folder atomically.

    Args:
        folder: The folder; an existing one must have a manifest or be empty.
        write: Called with an empty folder; writes the files into it. `save_folder` writes the
            manifest, sets the permissions and flushes the files to disk.

    Raises:
        CheckpointError: The existing folder has no manifest, or the disk is full or read-only. The
            existing folder is unchanged.
    """
    folder = folder.resolve()
    _refuse_foreign_folder(folder)
    temporary, replaced = _neighbours(folder)
    with disk_errors(folder), created_folder(folder.parent), _undone_on_failure(folder):
        recover_folder(folder)
        for leftover in (temporary, replaced):
            if leftover.exists():
                shutil.rmtree(leftover)
        temporary.mkdir()
        write(temporary)
        _finalize(temporary)
        _replace(folder)


def save_new_folder(folder: Path, write: Callable[[Path], None]) -> None:
    """Create a folder in the format of another program: complete, or not at all.

    Args:
        folder: The folder; it must not exist, or be empty.
        write: Called with an empty folder; writes the files into it.

    Raises:
        CheckpointError: The disk is full or read-only.
    """
    folder = folder.resolve()
    temporary, _ = _neighbours(folder)
    with disk_errors(folder), created_folder(folder.parent), _undone_on_failure(folder):
        if temporary.exists():
            shutil.rmtree(temporary)
        temporary.mkdir()
        write(temporary)
        _set_modes(temporary)
        # On POSIX, an empty folder of that name is replaced.
        temporary.rename(folder)
        fsync_folder(folder.parent)


def recover_folder(folder: Path) -> None:
    """Complete or undo an interrupted replacement, if there is one.

    A complete `NAME.tmp` takes precedence over `.NAME.replaced`. If `NAME` exists, nothing is
    changed, because the other folders may belong to a running save.

    Raises:
        CheckpointError: The folder cannot be renamed (read-only disk).
    """
    folder = folder.resolve()
    if not folder.name:
        return  # the root of the file system is never replaced
    temporary, replaced = _neighbours(folder)
    if folder.exists() or not (temporary.exists() or replaced.exists()):
        return
    source = temporary if _is_complete(temporary) else replaced
    try:
        source.rename(folder)
        fsync_folder(folder.parent)
    except OSError as error:
        # No error if the saving process, or another reader, has renamed it meanwhile.
        if source.exists() and not folder.exists():
            raise CheckpointError(
                f"cannot rename {source} to {folder.name}: {reason(error)}.",
                help="Rename it manually, or copy the folders to a writable disk.",
            ) from error
    if folder.exists():
        shutil.rmtree(replaced, ignore_errors=True)


def read_folder(folder: Path, read: Callable[[Path], Outcome]) -> Outcome:
    """Call a function that reads a folder, and repeat it if the folder was replaced meanwhile.

    An interrupted replacement is completed first.

    Args:
        folder: The folder.
        read: Reads the folder.

    Returns:
        The result of `read`.

    Raises:
        CheckpointError: The folder cannot be read, or `read` raised this error.
    """
    for _ in range(_READ_ATTEMPTS):
        recover_folder(folder)
        before = _identity(folder)
        try:
            outcome = read(folder)
        except (CheckpointError, OSError) as error:
            if _identity(folder) != before:
                continue
            if isinstance(error, OSError):
                raise CheckpointError(f"cannot read {folder}: {reason(error)}.") from error
            raise
        if _identity(folder) == before:
            return outcome
    raise CheckpointError(f"{folder} was replaced {_READ_ATTEMPTS} times while it was read.")


def _neighbours(folder: Path) -> tuple[Path, Path]:
    """Return the paths of the folder being written and of the one being replaced."""
    return folder.with_name(f"{folder.name}.tmp"), folder.with_name(f".{folder.name}.replaced")


def _refuse_foreign_folder(folder: Path) -> None:
    """Raise an error for a folder that nextword did not write."""
    if not folder.exists() or (folder / MANIFEST_NAME).is_file():
        return
    if not folder.is_dir() or any(folder.iterdir()):
        raise CheckpointError(
            f"{folder} exists and was not written by nextword (it has no {MANIFEST_NAME}); "
            "it is not replaced.",
            help="Choose another path, or remove it first.",
        )


@contextmanager
def _undone_on_failure(folder: Path) -> Iterator[None]:
    temporary, replaced = _neighbours(folder)
    try:
        with disk_errors(folder):
            yield
    except BaseException:
        with suppress(OSError):  # recover_folder repeats this at the next load
            if replaced.exists() and not folder.exists():
                replaced.rename(folder)
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _finalize(temporary: Path) -> None:
    """Set permissions from the umask, flush the files to disk, and write the manifest."""
    _set_modes(temporary)
    write_manifest(temporary)  # last, because a manifest marks a complete folder


def _set_modes(temporary: Path) -> None:
    """Set permissions from the umask, and flush the files to disk."""
    mode = file_mode_under_umask()
    for path in temporary.iterdir():
        path.chmod(mode)  # safetensors ignores the umask and writes with mode 0600
        fsync_file(path)
    fsync_folder(temporary)


def _replace(folder: Path) -> None:
    temporary, replaced = _neighbours(folder)
    if folder.exists():
        folder.rename(replaced)
    try:
        temporary.rename(folder)
    except FileNotFoundError:
        if not folder.exists():
            raise
        # A reader found the folder missing and completed the replacement.
    fsync_folder(folder.parent)
    shutil.rmtree(replaced, ignore_errors=True)


def _is_complete(folder: Path) -> bool:
    try:
        verify_manifest(folder)
    except (FormatError, OSError):
        return False
    return True


def _identity(folder: Path) -> tuple[int, int, int] | None:
    """Return values that differ between this folder and one that replaces it; None if missing."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns

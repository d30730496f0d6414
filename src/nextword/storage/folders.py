"""Replacing a folder as a whole: after a crash at any point the old one or the new one is there.

Knows nothing of what the folder holds; a function given by the caller writes the files. Next to
`NAME` there may stand `NAME.tmp` (being written) and `.NAME.replaced` (about to be removed; not
`NAME.old`, which may be a person's backup). A reader in another process may arrive at any moment:
it finds `NAME`, or finishes the replacement itself.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from nextword.base import (
    CheckpointError,
    FormatError,
    file_mode_under_umask,
    fsync_file,
    fsync_folder,
)
from nextword.storage.disk import disk_errors, reason
from nextword.storage.manifest import MANIFEST_NAME, verify_manifest, write_manifest

Outcome = TypeVar("Outcome")

_READ_ATTEMPTS = 10


def save_folder(folder: Path, write: Callable[[Path], None]) -> None:
    """Make or replace a folder so that a crash leaves the earlier one or the new one, complete.

    Args:
        folder: The folder; an earlier one must be one of ours (it has a manifest) or empty.
        write: Writes the files into the empty folder it is given. The manifest, permissions and
            durability are taken care of.

    Raises:
        CheckpointError: The folder is not ours to replace, or the disk refuses (full, read-only);
            the earlier folder is untouched then.
    """
    folder = folder.resolve()
    _refuse_foreign_folder(folder)
    temporary, replaced = _neighbours(folder)
    with _undone_on_failure(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        recover_folder(folder)
        for leftover in (temporary, replaced):
            if leftover.exists():
                shutil.rmtree(leftover)
        temporary.mkdir()
        write(temporary)
        _settle(temporary)
        _replace(folder)


def recover_folder(folder: Path) -> None:
    """Finish or undo an interrupted replacement; without one, do nothing.

    A complete `NAME.tmp` wins over `.NAME.replaced`. While `NAME` exists its neighbours are left
    alone: they may belong to a save that is going on.

    Raises:
        CheckpointError: The folder cannot be put back (a read-only disk).
    """
    folder = folder.resolve()
    if not folder.name:
        return  # the root of a disk is never replaced
    temporary, replaced = _neighbours(folder)
    if folder.exists() or not (temporary.exists() or replaced.exists()):
        return
    source = temporary if _is_complete(temporary) else replaced
    try:
        source.rename(folder)
        fsync_folder(folder.parent)
    except OSError as error:
        # Gone or in the way: the saving process, or another reader, was faster.
        if source.exists() and not folder.exists():
            raise CheckpointError(
                f"cannot rename {source} to {folder.name}: {reason(error)}.",
                help="Rename it by hand, or copy the folders to a disk that can be written.",
            ) from error
    if folder.exists():
        shutil.rmtree(replaced, ignore_errors=True)


def read_folder(folder: Path, read: Callable[[Path], Outcome]) -> Outcome:
    """Give what `read` makes of a folder, all of it from one state of the folder.

    Recovers the folder first; reads again where it was replaced during the reading.

    Raises:
        CheckpointError: The folder cannot be read, or `read` refused it.
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
    raise CheckpointError(f"{folder} was replaced again and again while it was read.")


def _neighbours(folder: Path) -> tuple[Path, Path]:
    """Name the folder being written and the one being replaced."""
    return folder.with_name(f"{folder.name}.tmp"), folder.with_name(f".{folder.name}.replaced")


def _refuse_foreign_folder(folder: Path) -> None:
    """Keep a mistyped path from replacing somebody's files."""
    if not folder.exists() or (folder / MANIFEST_NAME).is_file():
        return
    if not folder.is_dir() or any(folder.iterdir()):
        raise CheckpointError(
            f"{folder} exists and was not made by nextword (it has no {MANIFEST_NAME}); "
            "it is not replaced.",
            help="Choose another place, or remove it first.",
        )


@contextmanager
def _undone_on_failure(folder: Path) -> Iterator[None]:
    temporary, replaced = _neighbours(folder)
    try:
        with disk_errors(folder):
            yield
    except BaseException:
        with suppress(OSError):  # what cannot be undone here, the next load recovers
            if replaced.exists() and not folder.exists():
                replaced.rename(folder)
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _settle(temporary: Path) -> None:
    """Make the files durable and readable as the umask says, then the manifest."""
    mode = file_mode_under_umask()
    for path in temporary.iterdir():
        path.chmod(mode)  # safetensors writes 0600 whatever the umask
        fsync_file(path)
    fsync_folder(temporary)
    write_manifest(temporary)  # last: it promises that all above has happened


def _replace(folder: Path) -> None:
    temporary, replaced = _neighbours(folder)
    if folder.exists():
        folder.rename(replaced)
    try:
        temporary.rename(folder)
    except FileNotFoundError:
        if not folder.exists():
            raise
        # A reader found the folder missing and finished the replacement for us.
    fsync_folder(folder.parent)
    shutil.rmtree(replaced, ignore_errors=True)


def _is_complete(folder: Path) -> bool:
    try:
        verify_manifest(folder)
    except (FormatError, OSError):
        return False
    return True


def _identity(folder: Path) -> tuple[int, int, int] | None:
    """Tell this folder from one that replaces it under the same name."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns

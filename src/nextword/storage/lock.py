"""A lock that allows one writer per run folder; the kernel releases it when its holder dies.

The lock file is never deleted. Otherwise one process could lock the deleted file and another one a
new file of the same name. The content of the file (process id and host, as JSON) is only used in
messages.
"""

import errno
import fcntl
import json
import os
import socket
import stat
import time
from pathlib import Path
from types import TracebackType

from nextword.base import CheckpointError, LockedError
from nextword.storage.disk import reason

LOCK_NAME = "lock"

_LARGEST_LOCK = 4096  # bytes; lock files of nextword have fewer than 100

_HOLDER_TIMEOUT_S = 1.0  # a holder writes its process id right after it has locked the file


class RunLock:
    """Context manager that locks a folder.

    A forked child process shares the lock until it ends. The lock is not reentrant: a second lock
    on the same folder raises an error in the same process too.

    Args:
        folder: An existing folder.

    Raises:
        LockedError: On entering, without waiting: another process holds the lock; the message names
            the process.
        CheckpointError: On entering: the folder is missing or cannot be locked, or its file `lock`
            is not a lock file.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._descriptor: int | None = None

    def __enter__(self) -> "RunLock":
        path = self._folder / LOCK_NAME
        # The file is overwritten, so links are not followed; opening a pipe must not block.
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            descriptor = os.open(path, flags, 0o666)
        except OSError as error:
            raise _cannot_open(path, error) from error
        try:
            _require_lock_file(path, descriptor)
            self._lock(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        try:
            os.ftruncate(descriptor, 0)
        finally:
            os.close(descriptor)  # releases the lock

    def _lock(self, descriptor: int) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise self._locked_error(descriptor) from error
        except OSError as error:
            raise CheckpointError(
                f"cannot lock {self._folder}: {reason(error)}.",
                help="Use a folder on a file system that supports POSIX locks.",
            ) from error
        _require_lock_content(self._folder / LOCK_NAME, descriptor)
        content = json.dumps({"pid": os.getpid(), "host": socket.gethostname()}).encode("ascii")
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, content, 0)

    def _locked_error(self, descriptor: int) -> LockedError:
        holder = _wait_for_holder(descriptor)
        if holder is None:
            return LockedError(f"{self._folder} is in use by another process.", help="Wait for it.")
        pid, host = holder
        return LockedError(
            f"{self._folder} is in use by process {pid} on {host}.",
            help=f"Wait for it, stop it with kill {pid} on {host}, or choose another folder.",
        )


def _cannot_open(path: Path, error: OSError) -> CheckpointError:
    kinds = {
        errno.ELOOP: "a symbolic link",
        errno.EISDIR: "a folder",
        errno.ENXIO: "a socket or a device",
    }
    if error.errno in kinds:
        return _not_a_lock(path, kinds[error.errno])
    return CheckpointError(f"cannot lock {path.parent}: {reason(error)}.")


def _require_lock_file(path: Path, descriptor: int) -> None:
    """Raise an error, before anything is written, if the opened file is not a lock file.

    Raises:
        CheckpointError: It is not a regular file, or has another hard link.
    """
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise _not_a_lock(path, "not a regular file")
    if status.st_nlink > 1:
        raise _not_a_lock(path, "a hard link to a file with another name")


def _require_lock_content(path: Path, descriptor: int) -> None:
    """Raise an error if the locked file has other content than a lock file."""
    is_large = os.fstat(descriptor).st_size > _LARGEST_LOCK
    if is_large or not _is_lock_content(os.pread(descriptor, _LARGEST_LOCK, 0)):
        raise _not_a_lock(path, "a file with other content")


def _is_lock_content(content: bytes) -> bool:
    """Return whether this is the content of a lock: empty, NULs (power failure), or JSON."""
    if not content.strip(b"\0"):
        return True
    return content.startswith(b'{"pid"')


def _not_a_lock(path: Path, what: str) -> CheckpointError:
    return CheckpointError(
        f"{path} is {what}, not a lock file of nextword; it is not changed.",
        help="Remove it, or choose another run folder.",
    )


def _wait_for_holder(descriptor: int) -> tuple[int, str] | None:
    """Return process id and host of the holder; waits a moment until the holder has written."""
    deadline = time.monotonic() + _HOLDER_TIMEOUT_S
    while True:
        holder = _holder(descriptor)
        if holder is not None or time.monotonic() > deadline:
            return holder
        time.sleep(0.01)


def _holder(descriptor: int) -> tuple[int, str] | None:
    """Return process id and host; None if the file is empty or names a dead process."""
    try:
        values = json.loads(os.pread(descriptor, 4096, 0))
        pid, host = int(values["pid"]), str(values["host"])
    except (ValueError, KeyError, TypeError):
        return None
    if host == socket.gethostname() and not _is_alive(pid):
        return None
    return pid, host


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass  # alive, but owned by another user
    return True

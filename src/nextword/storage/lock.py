"""One writer to a run folder: a lock that the kernel drops when its holder dies.

Knows nothing of what the holder does. The lock file stays for good: were it deleted, one process
could lock the deleted file and another a new one of the same name, both content. What the file
says (process id and host, as JSON) is for messages only; the kernel's lock decides.
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

_LARGEST_LOCK = 4096  # bytes; ours are under a hundred

_HOLDER_PATIENCE_S = 1.0  # a holder writes its name right after it has locked


class RunLock:
    """Hold a folder for the time of a `with` block.

    A child made by fork shares the lock until it ends. Not reentrant: a second lock on the same
    folder is refused in the same process too.

    Args:
        folder: An existing folder.

    Raises:
        LockedError: On entering, at once: another process holds it; the message names it.
        CheckpointError: On entering: the folder is missing or cannot be locked, or `lock` in it
            is not a lock file.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._descriptor: int | None = None

    def __enter__(self) -> "RunLock":
        path = self._folder / LOCK_NAME
        # No link is followed and no pipe waited for: what the file says is overwritten.
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
            os.close(descriptor)  # which unlocks

    def _lock(self, descriptor: int) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise self._locked_error(descriptor) from error
        except OSError as error:
            raise CheckpointError(
                f"cannot lock {self._folder}: {reason(error)}.",
                help="Use a folder on a file system with POSIX locks.",
            ) from error
        _require_lock_content(self._folder / LOCK_NAME, descriptor)
        content = json.dumps({"pid": os.getpid(), "host": socket.gethostname()}).encode("ascii")
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, content, 0)

    def _locked_error(self, descriptor: int) -> LockedError:
        holder = _patient_holder(descriptor)
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
    return CheckpointError(f"Cannot lock {path.parent}: {reason(error)}.")


def _require_lock_file(path: Path, descriptor: int) -> None:
    """Refuse what is no lock of ours before anything is written to it.

    Raises:
        CheckpointError: It is no plain file, or has another name elsewhere.
    """
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise _not_a_lock(path, "no plain file")
    if status.st_nlink > 1:
        raise _not_a_lock(path, "a hard link to a file that has another name too")


def _require_lock_content(path: Path, descriptor: int) -> None:
    """Refuse a file in which something else is written; asked once it is locked."""
    is_large = os.fstat(descriptor).st_size > _LARGEST_LOCK
    if is_large or not _is_lock_content(os.pread(descriptor, _LARGEST_LOCK, 0)):
        raise _not_a_lock(path, "a file with other content")


def _is_lock_content(content: bytes) -> bool:
    """Whether a lock may say this: nothing, NULs after a power cut, or process and host."""
    if not content.strip(b"\0"):
        return True
    return content.startswith(b'{"pid"')


def _not_a_lock(path: Path, what: str) -> CheckpointError:
    return CheckpointError(
        f"{path} is {what}, not a lock file of nextword; it is left as it is.",
        help="Remove it, or choose another run folder.",
    )


def _patient_holder(descriptor: int) -> tuple[int, str] | None:
    """Read who holds the lock; one that has only just locked gets a moment to write its name."""
    deadline = time.monotonic() + _HOLDER_PATIENCE_S
    while True:
        holder = _holder(descriptor)
        if holder is not None or time.monotonic() > deadline:
            return holder
        time.sleep(0.01)


def _holder(descriptor: int) -> tuple[int, str] | None:
    """Read process id and host; None while the file is empty or still names a dead process."""
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
        pass  # alive, and somebody else's
    return True

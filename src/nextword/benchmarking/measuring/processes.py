"""Calls in a separate process, which shares no settings and no memory with this one.

Allocator settings cannot be undone, and peak memory is a property of the whole process. The other
process receives only a function and its arguments, and ends when its parent process ends.
"""

import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any

from nextword.base import BenchmarkError, NextwordError, ProgressCallback

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

#: A new interpreter; a fork would inherit the settings and the memory of this process.
_SPAWN = multiprocessing.get_context("spawn")
#: Waiting time after a step, in seconds, because its threads spin for some milliseconds.
_SETTLING_S = 0.02


def call_in_subprocess(
    function: Callable[..., Any],
    *arguments: Any,
    on_progress: ProgressCallback | None = None,
    hidden_modules: Sequence[str] = (),
) -> Any:
    """Call a function in a separate process and return its result.

    Temporary files of the function are removed, however the process ends.

    Args:
        function: A function that can be imported by name. It is called with the arguments, and with
            the keyword `on_progress` if a hook is given here.
        arguments: Arguments. They and the result must be picklable.
        on_progress: Called in this process with what the function passes to its own hook.
        hidden_modules: Modules that must not be importable in the other process.

    Raises:
        BenchmarkError: The process died, or the function raised another exception.
        NextwordError: The function raised this error.
    """
    # The other process is killed if this one is interrupted, and cannot remove its files.
    with (
        tempfile.TemporaryDirectory(prefix="nextword-bench-", ignore_cleanup_errors=True) as folder,
        _process(
            _call, (function, arguments, on_progress is not None, tuple(hidden_modules), folder)
        ) as (connection, process),
    ):
        while True:
            kind, value = _receive(connection, process)
            if kind == "result":
                return value
            if on_progress is not None:
                stage, done, total = value
                on_progress(stage, done, total=total)


class SubprocessStep:
    """A step that runs in a separate process each time it is called.

    Use it in a `with` block, which ends the process.

    Args:
        build: Function that returns the step; called in the other process. It must be importable
            by name.
        arguments: Arguments of `build`.
    """

    def __init__(self, build: Callable[..., Callable[[], float]], *arguments: Any) -> None:
        self._context = _process(_step, (build, arguments))

    def __enter__(self) -> "Self":
        self._connection, self._process = self._context.__enter__()
        _receive(self._connection, self._process)
        return self

    def __exit__(
        self,
        kind: "type[BaseException] | None",
        error: "BaseException | None",
        traceback: "TracebackType | None",
    ) -> None:
        self._context.__exit__(kind, error, traceback)

    def __call__(self) -> float:
        """Run a step and return its time in seconds, measured in the other process."""
        self._connection.send(None)
        seconds: float = _receive(self._connection, self._process)[1]
        time.sleep(_SETTLING_S)
        return seconds


@contextmanager
def _process(serve: Callable[..., None], task: tuple[Any, ...]) -> Iterator[tuple[Connection, Any]]:
    ours, theirs = _SPAWN.Pipe()
    process = _SPAWN.Process(target=serve, args=(theirs, *task))
    process.start()
    theirs.close()
    try:
        yield ours, process
    finally:
        ours.close()
        process.kill()
        process.join()


def _receive(connection: Connection, process: Any) -> tuple[str, Any]:
    """Return the next message, or raise the error that the other process sent."""
    try:
        kind, value = connection.recv()
    except (EOFError, ConnectionResetError) as error:
        process.join()
        raise BenchmarkError(
            f"a benchmark process ended with exit code {process.exitcode}.",
            help="Exit code -9 usually means that the system is out of memory; use smaller cases.",
        ) from error
    if kind == "error":
        raise value
    return kind, value


def _call(
    connection: Connection,
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    has_hook: bool,
    hidden_modules: tuple[str, ...],
    temporary_folder: str,
) -> None:
    """Send the result of one call. Runs in the other process."""

    def on_progress(stage: str, done: int, *, total: int | None = None) -> None:
        connection.send(("progress", (stage, done, total)))

    with _errors_sent(connection):
        tempfile.tempdir = temporary_folder
        _hide(hidden_modules)
        options = {"on_progress": on_progress} if has_hook else {}
        connection.send(("result", function(*arguments, **options)))


def _hide(modules: Sequence[str]) -> None:
    for name in modules:
        if name in sys.modules:
            raise BenchmarkError(f"{name} was imported before it could be hidden.")
        # The import system raises ModuleNotFoundError for a module that is None.
        sys.modules[name] = None  # type: ignore[assignment]


def _step(
    connection: Connection, build: Callable[..., Callable[[], float]], arguments: tuple[Any, ...]
) -> None:
    """Run a step for every message received. Runs in the other process."""
    with _errors_sent(connection):
        step = build(*arguments)
        connection.send(("ready", None))
        while True:
            connection.recv()
            connection.send(("seconds", step()))


def _end_with_parent() -> None:
    """Wait until the parent process ends for any reason, then end this process."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


@contextmanager
def _errors_sent(connection: Connection) -> Iterator[None]:
    """Send exceptions to the parent process. Return silently if it has closed the connection."""
    # Ctrl-C reaches both processes. The parent handles it and ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        yield
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    except NextwordError as error:
        connection.send(("error", error))
    except Exception as error:
        sent = BenchmarkError(f"{type(error).__name__} in a benchmark process: {error}")
        sent.add_note(traceback.format_exc())
        connection.send(("error", sent))

"""Calls in a process of their own: what is set or used up here is not so there.

An allocator's settings cannot be taken back, and memory that a process has held says nothing of
what comes next; so some things are measured apart. The other process gets nothing but a function
and its arguments, and ends with the one that started it.
"""

import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any

from nextword.base import BenchmarkError, NextwordError

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

#: A fresh interpreter: a fork would inherit settings, memory and threads that are not there.
_SPAWN = multiprocessing.get_context("spawn")
#: After a step elsewhere its threads look out for more work for some milliseconds.
_SETTLING_S = 0.02

#: (stage, done, total), as in training.
Notify = Callable[[str, int, int | None], None]


def call_alone(
    function: Callable[..., Any],
    *arguments: Any,
    notify: Notify | None = None,
    hidden_modules: Sequence[str] = (),
) -> Any:
    """Call a function in a process of its own and give what it gives.

    Args:
        function: One that can be imported by name; called with the arguments, and with a keyword
            `notify` where that is given here.
        arguments: Values that can be pickled, as the result.
        notify: Is told here what the function tells there.
        hidden_modules: Modules that shall seem not to be installed there.

    Raises:
        BenchmarkError: The process died.
        NextwordError: What the function raised.
    """
    task = (function, arguments, notify is not None, tuple(hidden_modules))
    with _process(_call, task) as (connection, process):
        while True:
            kind, value = _receive(connection, process)
            if kind == "result":
                return value
            if notify is not None:
                notify(*value)


class StepElsewhere:
    """A step that is made in a process of its own; called as if it were made here.

    Use it in a `with` block, which ends the process.

    Args:
        build: Gives the step, there; one that can be imported by name.
        arguments: Of `build`.
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
        """Let it make a step, and give the seconds it took there."""
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
    """Wait for the next message; raise what went wrong there."""
    try:
        kind, value = connection.recv()
    except (EOFError, ConnectionResetError) as error:
        process.join()
        raise BenchmarkError(
            f"a measuring process ended with exit code {process.exitcode}.",
            help="Code -9 is what a system does that is out of memory; measure smaller cases.",
        ) from error
    if kind == "error":
        raise value
    return kind, value


def _call(
    connection: Connection,
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    is_watched: bool,
    hidden_modules: tuple[str, ...],
) -> None:
    """Answer with the result of one call; runs in the other process."""

    def notify(stage: str, done: int, total: int | None) -> None:
        connection.send(("progress", (stage, done, total)))

    with _errors_told(connection):
        _hide(hidden_modules)
        options = {"notify": notify} if is_watched else {}
        connection.send(("result", function(*arguments, **options)))


def _hide(modules: Sequence[str]) -> None:
    for name in modules:
        if name in sys.modules:
            raise BenchmarkError(f"{name} was imported before it could be hidden.")
        # The import system's own way to say that there is no such module.
        sys.modules[name] = None  # type: ignore[assignment]


def _step(
    connection: Connection, build: Callable[..., Callable[[], float]], arguments: tuple[Any, ...]
) -> None:
    """Make a step whenever asked; runs in the other process."""
    with _errors_told(connection):
        step = build(*arguments)
        connection.send(("ready", None))
        while True:
            connection.recv()
            connection.send(("seconds", step()))


def _end_with_parent() -> None:
    """Wait for the process that started this one to end, whatever ended it, and end too."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


@contextmanager
def _errors_told(connection: Connection) -> Iterator[None]:
    """Send errors to who waits for an answer; end quietly when nobody does any more."""
    # Ctrl-C reaches both; the one in front decides, and ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        yield
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    except NextwordError as error:
        connection.send(("error", error))
    except Exception as error:
        told = BenchmarkError(f"{type(error).__name__} in a process of its own: {error}")
        told.add_note(traceback.format_exc())
        connection.send(("error", told))

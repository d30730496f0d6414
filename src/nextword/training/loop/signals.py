"""Handlers for SIGINT and SIGTERM that let a training save a checkpoint before it stops."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """A signal was received inside `StopRequest.interruptible`."""


class StopRequest:
    """A request to stop the training, set by a signal handler.

    Attributes:
        signal_number: The signal that was received, or None.
    """

    def __init__(self) -> None:
        self.signal_number: int | None = None
        self._is_interruptible = False

    def __bool__(self) -> bool:
        """Return whether a signal was received."""
        return self.signal_number is not None

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Let a signal end the block at once; without it, only later checks notice the signal.

        Raises:
            Interrupted: A signal was received, in the block or before it.
        """
        self._is_interruptible = True
        try:
            if self:
                raise Interrupted
            yield
        finally:
            self._is_interruptible = False

    def receive(self, number: int) -> None:
        """Remember a signal, and end the interruptible block if there is one."""
        self.signal_number = number
        if self._is_interruptible:
            raise Interrupted


@contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """Convert the first SIGINT or SIGTERM inside the block to a request to stop.

    A second signal has its default effect. Outside the main thread, Python does not allow signal
    handlers, so no request is made.

    Yields:
        The request.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    previous = {number: signal.getsignal(number) for number in _SIGNALS}

    def remember(number: int, frame: FrameType | None) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        request.receive(number)

    for number in _SIGNALS:
        signal.signal(number, remember)
    try:
        yield request
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def exit_on_sigterm() -> Iterator[None]:
    """Convert SIGTERM inside the block to SystemExit, so that cleanup code runs."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    previous = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)

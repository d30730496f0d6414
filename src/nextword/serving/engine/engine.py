"""The engine: one worker thread that owns a model, and a bounded queue in front of it."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from nextword.base import require_range
from nextword.models import LanguageModel
from nextword.serving.engine.errors import DrainingError, QueueFullError
from nextword.serving.engine.request import Listener, Request, Ticket
from nextword.serving.engine.scheduler import Scheduler, StepFigures

Result = TypeVar("Result")

#: Largest number of tokens of prompts that are read between two steps of generation.
STEP_TOKENS = 256

_logger = logging.getLogger(__name__)


class _Call:
    """A function to call, and the future that gets its result."""

    def __init__(self, future: "Future[Any]", function: Callable[[], Any]) -> None:
        self._future = future
        self._function = function

    def run(self) -> None:
        if not self._future.set_running_or_notify_cancel():
            return
        try:
            self._future.set_result(self._function())
        except Exception as error:
            self._future.set_exception(error)

    def fail(self, error: Exception) -> None:
        if self._future.set_running_or_notify_cancel():
            self._future.set_exception(error)


class Engine:
    """Runs requests to a model, and other calls that use it, on one thread.

    All methods can be called from any thread. Listeners are called on the worker thread.

    Args:
        model: The language model; None if only `call` is used.
        max_rows: Largest number of samples that are generated together.
        max_queue: Largest number of samples and calls that wait.
        step_tokens: Largest number of tokens of prompts that are read between two steps of
            generation. A smaller number makes streams smoother and prompts slower.
        on_step: Called on the worker thread with the figures of each step.

    Example:
        >>> from nextword.families import NetworkSpec, RecurrentConfig
        >>> from nextword.tokens import VocabularySpec
        >>> vocabulary = VocabularySpec(vocab_size=9, boundary_id=1, start_id=1)
        >>> model = RecurrentConfig(hidden_size=4).build(NetworkSpec(vocabulary=vocabulary))
        >>> class Printer(Listener):
        ...     def on_finish(self, sample, reason, *, session):
        ...         print(f"sample {sample} ends: {reason}")
        >>> engine = Engine(model)
        >>> engine.start()
        >>> [ticket] = engine.submit([(Request(prompt_ids=(3, 5), max_tokens=4), Printer())])
        >>> engine.close(grace_s=10)
        sample 0 ends: length
    """

    def __init__(
        self,
        model: LanguageModel | None,
        *,
        max_rows: int = 64,
        max_queue: int = 256,
        step_tokens: int = STEP_TOKENS,
        on_step: Callable[[StepFigures], None] | None = None,
    ) -> None:
        self.max_rows = max_rows
        self.max_queue = max_queue
        self._on_step = on_step
        self._scheduler = None
        if model is not None:
            self._scheduler = Scheduler(
                model, max_rows=max_rows, step_tokens=step_tokens, on_close=self._forget
            )
        self._wake = threading.Condition()
        self._inbox: deque[Ticket] = deque()
        self._calls: deque[_Call] = deque()
        self._num_pending = 0
        self._is_draining = False
        self._is_stopping = False
        self._thread: threading.Thread | None = None

    @property
    def num_pending(self) -> int:
        """Number of samples and calls that wait or run."""
        return self._num_pending

    @property
    def num_running(self) -> int:
        """Number of samples that are read or generated."""
        return 0 if self._scheduler is None else self._scheduler.num_rows

    @property
    def is_alive(self) -> bool:
        """Whether the worker thread runs and takes requests."""
        return self._thread is not None and not self._is_draining

    def start(self) -> None:
        """Start the worker thread, again if it was closed; nothing happens if it runs."""
        if self._thread is not None:
            return
        self._is_draining = self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name="nextword-engine", daemon=True)
        self._thread.start()

    def submit(self, requests: Sequence[tuple[Request, Listener]]) -> list[Ticket]:
        """Add requests to the queue: all of them, or none.

        Args:
            requests: The requests, each with its listener.

        Raises:
            ConfigError: A request has more samples than a batch has rows.
            DrainingError: The engine is stopping.
            QueueFullError: They do not fit in the queue.
        """
        for request, _ in requests:
            require_range("num_samples", request.num_samples, low=1, high=self.max_rows)
        tickets = [Ticket(request, listener) for request, listener in requests]
        with self._wake:
            self._reserve(sum(request.num_samples for request, _ in requests))
            self._inbox.extend(tickets)
            self._wake.notify()
        return tickets

    def cancel(self, ticket: Ticket) -> None:
        """Stop working on a request; its listener gets a `CancelledRequestError`."""
        ticket.is_cancelled = True
        with self._wake:
            self._wake.notify()

    def call(self, function: Callable[[], Result]) -> Future[Result]:
        """Call a function on the worker thread, between two steps.

        Args:
            function: The function; it delays all requests, so it has to return soon.

        Raises:
            DrainingError: The engine is stopping.
            QueueFullError: The queue is full.
        """
        future: Future[Result] = Future()
        with self._wake:
            self._reserve(1)
            self._calls.append(_Call(future, function))
            self._wake.notify()
        return future

    def drain(self) -> None:
        """Refuse new requests; those that were submitted are completed."""
        self._is_draining = True

    def close(self, *, grace_s: float) -> None:
        """Refuse new requests, wait for those that run, and stop the thread.

        Args:
            grace_s: Longest time to wait, in seconds. Then the others fail with a `DrainingError`.
        """
        self.drain()
        with self._wake:
            self._wake.wait_for(lambda: self._num_pending == 0, timeout=grace_s)
            self._is_stopping = True
            self._wake.notify_all()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _reserve(self, num_rows: int) -> None:
        if self._is_draining:
            raise DrainingError("the server is stopping.", help="Send the request to another one.")
        if self._num_pending + num_rows > self.max_rows + self.max_queue:
            raise QueueFullError(
                f"{self._num_pending} samples wait or run, and {num_rows} more do not fit in the "
                f"queue of {self.max_rows + self.max_queue}.",
                help="Try again later.",
            )
        self._num_pending += num_rows

    def _release(self, num_rows: int) -> None:
        with self._wake:
            self._num_pending -= num_rows
            self._wake.notify_all()

    def _forget(self, ticket: Ticket) -> None:
        self._release(ticket.request.num_samples)

    def _run(self) -> None:
        while self._wait_for_work():
            if self._calls:
                self._calls.popleft().run()
                self._release(1)
            if self._scheduler is not None:
                self._step(self._scheduler)
        self._end()

    def _step(self, scheduler: Scheduler) -> None:
        while self._inbox:
            scheduler.add(self._inbox.popleft())
        if not scheduler.is_busy:
            return
        try:
            figures = scheduler.step()
        except Exception as error:
            # The thread goes on, so that later requests are answered.
            _logger.exception("a step of the engine failed")
            scheduler.close_all(error)
            return
        if self._on_step is not None:
            self._on_step(figures)

    def _wait_for_work(self) -> bool:
        """Wait until there is something to do; return False if the thread shall end."""
        with self._wake:
            self._wake.wait_for(self._has_work)
            return not self._is_stopping

    def _has_work(self) -> bool:
        is_busy = self._scheduler is not None and self._scheduler.is_busy
        return bool(self._is_stopping or self._calls or self._inbox or is_busy)

    def _end(self) -> None:
        """Fail everything that is left."""
        error = DrainingError("the server was stopped.", help="Send the request to another one.")
        if self._scheduler is not None:
            while self._inbox:
                self._scheduler.add(self._inbox.popleft())
            self._scheduler.close_all(error)
        while self._calls:
            self._calls.popleft().fail(error)
            self._release(1)

"""Continuous batching: requests wait, are read, are continued together, and leave one by one.

All methods are called on one thread.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from nextword.generation import Session
from nextword.models import LanguageModel
from nextword.serving.engine.errors import CancelledRequestError
from nextword.serving.engine.reading import ReadingBatch
from nextword.serving.engine.request import Ticket
from nextword.serving.engine.writing import WritingBatch


@dataclass(frozen=True, kw_only=True)
class StepFigures:
    """What one step did.

    Attributes:
        num_read: Number of requests whose prompts were read.
        num_sampled: Number of tokens sampled.
        seconds: Wall-clock time, in seconds.
    """

    num_read: int
    num_sampled: int
    seconds: float


class Scheduler:
    """Decides which requests are read and continued in each step.

    Requests are admitted in the order of their arrival, as long as their samples fit in the batch.

    Args:
        model: The model.
        max_rows: Largest number of samples that are read or continued together.
        step_tokens: Largest number of tokens of prompts that one step reads.
        on_close: Called with each request that has ended.
    """

    def __init__(
        self,
        model: LanguageModel,
        *,
        max_rows: int,
        step_tokens: int,
        on_close: Callable[[Ticket], None],
    ) -> None:
        self._max_rows = max_rows
        self._on_close = on_close
        self._waiting: deque[Ticket] = deque()
        self._plain, self._scored = (
            ReadingBatch(model, is_scored=is_scored, step_tokens=step_tokens, close=self.close)
            for is_scored in (False, True)
        )
        self._writing = WritingBatch(self.close)

    @property
    def is_busy(self) -> bool:
        """Whether there is anything to do."""
        return bool(self._waiting or self._active())

    @property
    def num_waiting(self) -> int:
        """Number of requests that are not admitted yet."""
        return len(self._waiting)

    @property
    def num_rows(self) -> int:
        """Number of samples that are read or continued."""
        reading = [*self._plain.tickets, *self._scored.tickets]
        return sum(ticket.num_open for ticket in reading) + self._writing.num_rows

    def add(self, ticket: Ticket) -> None:
        """Add a request to those that wait."""
        self._waiting.append(ticket)

    def step(self) -> StepFigures:
        """Read a part of the prompts, and continue every sample by one token."""
        started = time.perf_counter()
        self._drop_cancelled()
        self._admit()
        num_read = 0
        for batch in (self._plain, self._scored):
            try:
                done = batch.step()
            except Exception as error:
                self._close_all(batch, error)
                continue
            num_read += len(done)
            for ticket, session in done:
                self._continue(ticket, session)
        num_sampled = 0
        try:
            num_sampled = self._writing.step()
        except Exception as error:
            self._close_all(self._writing, error)
        seconds = time.perf_counter() - started
        return StepFigures(num_read=num_read, num_sampled=num_sampled, seconds=seconds)

    def close(self, ticket: Ticket, error: Exception | None) -> None:
        """End a request, and call `on_close` of its listener.

        Args:
            ticket: The request; nothing happens if it has ended before.
            error: Why it failed; None if it is complete.
        """
        if ticket.is_closed:
            return
        ticket.is_closed = True
        self._on_close(ticket)
        ticket.listener.on_close(error)

    def close_all(self, error: Exception) -> None:
        """End every request with an error."""
        while self._waiting:
            self.close(self._waiting.popleft(), error)
        for batch in (self._plain, self._scored, self._writing):
            self._close_all(batch, error)

    def _active(self) -> list[Ticket]:
        return [*self._plain.tickets, *self._scored.tickets, *self._writing.tickets]

    def _drop_cancelled(self) -> None:
        cancelled = [each for each in (*self._waiting, *self._active()) if each.is_cancelled]
        for ticket in cancelled:
            self.close(ticket, CancelledRequestError("the request was cancelled."))
        if cancelled:
            self._waiting = deque(each for each in self._waiting if not each.is_closed)
        for batch in (self._plain, self._scored, self._writing):
            batch.drop_closed()

    def _admit(self) -> None:
        num_free = self._max_rows - self.num_rows
        while self._waiting and self._waiting[0].request.num_samples <= num_free:
            ticket = self._waiting.popleft()
            batch = self._scored if ticket.request.is_scored else self._plain
            try:
                batch.add(ticket)
            except Exception as error:
                self.close(ticket, error)
                continue
            num_free -= ticket.request.num_samples

    def _continue(self, ticket: Ticket, session: Session) -> None:
        """Continue a request whose prompt is read, or end it if it has no samples."""
        if ticket.is_closed:
            return
        try:
            ticket.listener.on_read(session)
        except Exception as error:
            self.close(ticket, error)
            return
        if ticket.request.max_tokens:
            self._writing.add(ticket, session)
        else:
            self.close(ticket, None)

    def _close_all(self, batch: ReadingBatch | WritingBatch, error: Exception) -> None:
        for ticket in batch.tickets:
            self.close(ticket, error)
        batch.clear()

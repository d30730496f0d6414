"""The batch of requests whose prompts are being read, in parts. Knows ids, not text."""

from dataclasses import dataclass

import torch

from nextword.generation import Session
from nextword.models import LanguageModel
from nextword.serving.engine.request import Close, Ticket

#: Log-probabilities that are in memory at once (32 MiB in float64).
_MAX_LOG_PROBS = 1 << 22


@dataclass
class _Row:
    """A request and the number of its tokens that were read."""

    ticket: Ticket
    num_read: int = 0

    @property
    def num_left(self) -> int:
        return len(self.ticket.request.prompt_ids) - self.num_read


class ReadingBatch:
    """Reads the prompts of several requests together, a part at a time.

    Between two parts, the engine continues the samples of other requests.

    Args:
        model: The model.
        is_scored: Whether the prediction of each token is reported to the listeners.
        step_tokens: Largest number of tokens that one step reads, over all rows.
        close: Called with a request that fails.
    """

    def __init__(
        self, model: LanguageModel, *, is_scored: bool, step_tokens: int, close: Close
    ) -> None:
        self._model = model
        self._close = close
        self._is_scored = is_scored
        self._step_tokens = step_tokens
        if is_scored:
            self._step_tokens = max(1, min(step_tokens, _MAX_LOG_PROBS // model.vocab_size))
        self._rows: list[_Row] = []
        self._session: Session | None = None

    @property
    def tickets(self) -> list[Ticket]:
        """The requests in the batch."""
        return [row.ticket for row in self._rows]

    def add(self, ticket: Ticket) -> None:
        """Add a request.

        Raises:
            NextwordError: Its first session cannot be created.
        """
        start = ticket.request.start
        session = Session(self._model) if start is None else start()
        if self._session is None:
            self._session = session
        else:
            self._session.join(session)
        self._rows.append(_Row(ticket))

    def clear(self) -> None:
        """Remove all requests."""
        self._rows, self._session = [], None

    def drop_closed(self) -> None:
        """Remove the requests that are closed."""
        self._keep([i for i, row in enumerate(self._rows) if not row.ticket.is_closed])

    def step(self) -> list[tuple[Ticket, Session]]:
        """Read the next part, and return the requests that are read, each with its session."""
        if self._session is None:
            return []
        # A prompt that needs few tokens does not wait until longer ones are read.
        self._read(self._session, max(1, self._step_tokens // len(self._rows)))
        done = [i for i, row in enumerate(self._rows) if row.num_left == 0]
        sessions = []
        for i in done:
            session = self._session.fork()
            session.select([i])
            sessions.append((self._rows[i].ticket, session))
        self._keep([i for i, row in enumerate(self._rows) if row.num_left > 0])
        return sessions

    def _read(self, session: Session, num_each: int) -> None:
        parts = [
            row.ticket.request.prompt_ids[row.num_read : row.num_read + num_each]
            for row in self._rows
        ]
        for row, part in zip(self._rows, parts, strict=True):
            row.num_read += len(part)
        if not self._is_scored:
            session.feed(parts)
            return
        log_probs = session.predict(parts)
        for row, part, found in zip(self._rows, parts, log_probs, strict=True):
            if not part:
                continue
            try:
                row.ticket.listener.on_prompt(torch.tensor(part), found[: len(part)])
            except Exception as error:
                self._close(row.ticket, error)

    def _keep(self, rows: list[int]) -> None:
        if len(rows) == len(self._rows):
            return
        self._rows = [self._rows[i] for i in rows]
        if not rows:
            self._session = None
        elif self._session is not None:
            self._session.select(rows)

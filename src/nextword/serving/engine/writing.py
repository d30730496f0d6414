"""The batch of samples that are being generated, a token per step. Knows ids, not text."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from nextword.base import DivergedError, NextwordError, NoChoiceError
from nextword.generation import FinishReason, Session
from nextword.serving.engine.drawing import NOT_A_NUMBER, Draw, top_tokens
from nextword.serving.engine.request import Close, SampledToken, Ticket
from nextword.serving.engine.rows import WritingRows, new_rows


@dataclass
class _Row:
    """A sample of a request."""

    ticket: Ticket
    sample: int
    num_left: int


class WritingBatch:
    """Samples of several requests that are continued together.

    Samples join when their prompt is read, and leave when they are finished.

    Args:
        close: Called with a request when all its samples are finished, or when it fails.
    """

    def __init__(self, close: Close) -> None:
        self._close = close
        self._rows: list[_Row] = []
        self._writing: WritingRows | None = None

    @property
    def num_rows(self) -> int:
        """Number of samples."""
        return len(self._rows)

    @property
    def tickets(self) -> list[Ticket]:
        """The requests in the batch."""
        return list(dict.fromkeys(row.ticket for row in self._rows))

    def add(self, ticket: Ticket, session: Session) -> None:
        """Add the samples of a request.

        Args:
            ticket: The request.
            session: A session with one row that has read its prompt; it is modified.
        """
        request = ticket.request
        if request.num_samples > 1:
            session.select([0] * request.num_samples)
        draws = [
            Draw(
                generator=np.random.default_rng([request.seed, sample]),
                sampling=request.sampling,
                banned_ids=request.banned_ids,
                bias=request.bias,
            )
            for sample in range(request.num_samples)
        ]
        if self._writing is None:
            self._writing = new_rows(session, draws)
        else:
            self._writing.add(session, draws)
        self._rows += [_Row(ticket, k, request.max_tokens) for k in range(request.num_samples)]

    def clear(self) -> None:
        """Remove all samples."""
        self._rows, self._writing = [], None

    def drop_closed(self) -> None:
        """Remove the samples of requests that are closed."""
        self._keep([i for i, row in enumerate(self._rows) if not row.ticket.is_closed])

    def step(self) -> int:
        """Sample the next token of every row, and return their number."""
        if self._writing is None:
            return 0
        is_shown = any(row.ticket.request.num_top for row in self._rows)
        drawn = self._writing.step(with_distributions=is_shown)
        running = []
        tokens = zip(drawn.token_ids.tolist(), drawn.log_probs.tolist(), strict=True)
        for i, (token_id, log_prob) in enumerate(tokens):
            if token_id < 0:
                self._close(self._rows[i].ticket, _no_choice(token_id))
            elif self._take(i, token_id, log_prob=log_prob, distributions=drawn.distributions):
                running.append(i)
        num_tokens = len(self._rows)
        self._keep(running)
        if running:
            self._writing.feed(drawn.token_ids[running])
        return num_tokens

    def _take(
        self, i: int, token_id: int, *, log_prob: float, distributions: Tensor | None
    ) -> bool:
        """Report the token of a row, and return whether the row goes on."""
        row = self._rows[i]
        ticket = row.ticket
        if ticket.is_closed:
            return False
        num_top = ticket.request.num_top
        row.num_left -= 1
        token = SampledToken(
            sample=row.sample,
            token_id=token_id,
            log_prob=log_prob,
            top=top_tokens(distributions[i], num_top)
            if num_top and distributions is not None
            else None,
        )
        try:
            is_stopped = ticket.listener.on_token(token)
            reason: FinishReason = "stop" if is_stopped else "length"
            if not is_stopped and row.num_left:
                return True
            session = self._row_after(i, token_id) if ticket.request.keeps_session else None
            ticket.listener.on_finish(row.sample, reason, session=session)
        except Exception as error:
            self._close(ticket, error)
            return False
        ticket.num_open -= 1
        if not ticket.num_open:
            self._close(ticket, None)
        return False

    def _row_after(self, i: int, token_id: int) -> Session:
        """Return the session of one row after it has read a token."""
        assert self._writing is not None  # there are rows
        return self._writing.session(i, token_id)

    def _keep(self, rows: Sequence[int]) -> None:
        if len(rows) == len(self._rows):
            return
        self._rows = [self._rows[i] for i in rows]
        if not rows:
            self._writing = None
        elif self._writing is not None:
            self._writing.keep(rows)


def _no_choice(token_id: int) -> NextwordError:
    """Return why no token could be drawn, from the mark in place of its id."""
    if token_id == NOT_A_NUMBER:
        return DivergedError(
            "the model returns NaN for the next token.",
            help="Its weights or the state of the session are not finite.",
        )
    return NoChoiceError("no token can follow: all are banned or have probability 0.")

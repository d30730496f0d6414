"""The batch of samples that are being generated, a token per step. Knows ids, not text."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nextword.base import ConfigError, DivergedError, NextwordError
from nextword.generation import FinishReason, Session
from nextword.serving.engine.drawing import NOTHING, Draw, draw_tokens, top_tokens
from nextword.serving.engine.request import Close, SampledToken, Ticket


@dataclass
class _Row:
    """A sample of a request."""

    ticket: Ticket
    sample: int
    draw: Draw
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
        self._session: Session | None = None

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
        if self._session is None:
            self._session = session
        else:
            self._session.join(session)
        for sample in range(request.num_samples):
            draw = Draw(
                generator=np.random.default_rng([request.seed, sample]),
                sampling=request.sampling,
                banned_ids=request.banned_ids,
                bias=request.bias,
            )
            self._rows.append(_Row(ticket, sample, draw, request.max_tokens))

    def clear(self) -> None:
        """Remove all samples."""
        self._rows, self._session = [], None

    def drop_closed(self) -> None:
        """Remove the samples of requests that are closed."""
        self._keep([i for i, row in enumerate(self._rows) if not row.ticket.is_closed])

    def step(self) -> int:
        """Sample the next token of every row, and return their number."""
        if self._session is None:
            return 0
        log_probs = self._session.log_probs
        token_ids = self._draw(log_probs)
        chosen = log_probs.gather(1, token_ids.clamp(min=0)[:, None]).squeeze(1).tolist()
        running = []
        for i, token_id in enumerate(token_ids.tolist()):
            if token_id == NOTHING:
                self._close(self._rows[i].ticket, _no_choice(log_probs[i]))
            elif self._take(i, token_id, log_prob=chosen[i], log_probs=log_probs):
                running.append(i)
        num_tokens = len(self._rows)
        self._keep(running)
        if running:
            self._session.feed(token_ids[running][:, None])
        return num_tokens

    def _draw(self, log_probs: Tensor) -> Tensor:
        assert self._session is not None  # there are rows
        needs_seen = any(row.draw.sampling.repetition_penalty != 1.0 for row in self._rows)
        seen = self._session.seen if needs_seen else None
        token_ids: Tensor = draw_tokens(log_probs, [row.draw for row in self._rows], seen=seen)
        return token_ids

    def _take(self, i: int, token_id: int, *, log_prob: float, log_probs: Tensor) -> bool:
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
            top=top_tokens(log_probs[i], num_top) if num_top else None,
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
        assert self._session is not None  # there are rows
        session = self._session.fork()
        session.select([i])
        session.feed(torch.tensor([[token_id]]))
        return session

    def _keep(self, rows: Sequence[int]) -> None:
        if len(rows) == len(self._rows):
            return
        self._rows = [self._rows[i] for i in rows]
        if not rows:
            self._session = None
        elif self._session is not None:
            self._session.select(rows)


def _no_choice(log_probs: Tensor) -> NextwordError:
    """Return why no token could be drawn from these log-probabilities, (vocab)."""
    if bool(log_probs.isnan().any()):
        return DivergedError(
            "the model returns NaN for the next token.",
            help="Its weights or the state of the session are not finite.",
        )
    return ConfigError("no token is left to choose from: all are banned or have probability 0.")

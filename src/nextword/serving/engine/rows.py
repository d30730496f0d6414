"""The rows of samples that are generated together: in a session, or in slots of a pool."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from nextword.generation import Session, kernel_sampler
from nextword.packed import RowPool
from nextword.serving.engine.drawing import NOT_A_NUMBER, NOTHING, Draw, draw_tokens


@dataclass(frozen=True, kw_only=True)
class StepTokens:
    """The next token of every row.

    Attributes:
        token_ids: Ids, (rows); `NOTHING` or `NOT_A_NUMBER` where no token could be drawn.
        log_probs: Their log-probabilities under the distribution of the model, (rows), in nats.
        distributions: Log-probabilities of all tokens, (rows, vocab), if they were asked for.
    """

    token_ids: Int64[Tensor, " rows"]
    log_probs: Float[Tensor, " rows"]
    distributions: Float[Tensor, "rows vocab"] | None


class WritingRows(ABC):
    """Rows that join and leave between steps."""

    @abstractmethod
    def add(self, session: Session, draws: Sequence[Draw]) -> None:
        """Append the rows of a session, which may be modified, with one draw each."""

    @abstractmethod
    def step(self, *, with_distributions: bool) -> StepTokens:
        """Draw the next token of every row."""

    @abstractmethod
    def session(self, row: int, token_id: int) -> Session:
        """Return a session with one row, after the token that the last step has drawn for it."""

    @abstractmethod
    def keep(self, rows: Sequence[int]) -> None:
        """Remove all other rows."""

    @abstractmethod
    def feed(self, token_ids: Int64[Tensor, " rows"]) -> None:
        """Read the tokens that the last step has drawn for the rows that were kept."""


class SessionRows(WritingRows):
    """Rows of one session; works for every model.

    Args:
        session: The first rows.
        draws: How each is drawn.
    """

    def __init__(self, session: Session, draws: Sequence[Draw]) -> None:
        self._session = session
        self._draws = list(draws)

    def add(self, session: Session, draws: Sequence[Draw]) -> None:
        """Append the rows of a session."""
        self._session.join(session)
        self._draws += draws

    def step(self, *, with_distributions: bool) -> StepTokens:
        """Draw the next token of every row."""
        log_probs = self._session.log_probs
        needs_seen = any(draw.sampling.repetition_penalty != 1.0 for draw in self._draws)
        seen = self._session.seen if needs_seen else None
        return drawn_tokens(log_probs, self._draws, seen=seen)

    def session(self, row: int, token_id: int) -> Session:
        """Return the session of one row after a token."""
        session = self._session.fork()
        session.select([row])
        session.feed(torch.tensor([[token_id]]))
        return session

    def keep(self, rows: Sequence[int]) -> None:
        """Remove all other rows."""
        self._session.select(rows)
        self._draws = [self._draws[row] for row in rows]

    def feed(self, token_ids: Int64[Tensor, " rows"]) -> None:
        """Read the tokens."""
        self._session.feed(token_ids[:, None])


class PooledRows(WritingRows):
    """Rows in slots of a pool, which the compiled generator continues.

    A row that joins or leaves does not move the states of the others.

    Args:
        session: The first rows; its model has packed weights.
        draws: How each is drawn.
    """

    def __init__(self, session: Session, draws: Sequence[Draw]) -> None:
        assert session.packed is not None  # or `SessionRows` are used
        self._pool = RowPool(session.packed)
        self._vocab_size = session.packed.vocab_size
        self._slots: list[int] = []
        self._draws: list[Draw] = []
        self._samplers: list[Any] = []
        self.add(session, draws)

    def add(self, session: Session, draws: Sequence[Draw]) -> None:
        """Append the rows of a session."""
        self._model = session.model
        state, last_ids = session.unread
        self._slots += self._pool.add(state, last_ids, seen=session.seen)
        self._draws += draws
        self._samplers += [
            kernel_sampler(
                draw.sampling, vocab_size=self._vocab_size, banned_ids=tuple(draw.banned_ids)
            )
            for draw in draws
        ]

    def step(self, *, with_distributions: bool) -> StepTokens:
        """Draw the next token of every row."""
        if any(draw.bias for draw in self._draws):
            return self._biased_step()
        uniforms = np.array([[draw.generator.random()] for draw in self._draws])
        drawn = self._pool.draw(
            self._slots,
            samplers=self._samplers,
            uniforms=torch.from_numpy(uniforms),
            with_distributions=with_distributions,
        )
        scores = drawn.distributions
        return StepTokens(
            token_ids=drawn.token_ids[:, 0],
            log_probs=drawn.log_probs[:, 0],
            distributions=None if scores is None else scores[:, 0].double(),
        )

    def session(self, row: int, token_id: int) -> Session:
        """Return the session of one row; `step` has set its last token."""
        slots = [self._slots[row]]
        state, last_ids = self._pool.state(slots)
        return Session.resume(self._model, state, last_ids=last_ids, seen=self._pool.seen(slots))

    def keep(self, rows: Sequence[int]) -> None:
        """Remove all other rows."""
        kept = set(rows)
        self._pool.remove([slot for row, slot in enumerate(self._slots) if row not in kept])
        self._slots = [self._slots[row] for row in rows]
        self._draws = [self._draws[row] for row in rows]
        self._samplers = [self._samplers[row] for row in rows]

    def feed(self, token_ids: Int64[Tensor, " rows"]) -> None:
        """Do nothing: `step` has set the tokens, and the next step reads them."""

    def _biased_step(self) -> StepTokens:
        """Draw with biases of tokens, which the kernels do not have."""
        log_probs = self._pool.read(self._slots)
        tokens = drawn_tokens(log_probs, self._draws, seen=self._pool.seen(self._slots))
        self._pool.take(self._slots, tokens.token_ids.clamp(min=0))
        return tokens


def new_rows(session: Session, draws: Sequence[Draw]) -> WritingRows:
    """Return rows in a pool if the model of a session has packed weights, else in the session.

    Args:
        session: The first rows; it may be modified.
        draws: How each is drawn.
    """
    return SessionRows(session, draws) if session.packed is None else PooledRows(session, draws)


def drawn_tokens(
    log_probs: Float[Tensor, "rows vocab"], draws: Sequence[Draw], *, seen: Tensor | None
) -> StepTokens:
    """Draw the next token of each row from its distribution.

    Args:
        log_probs: Log-probabilities of the model, (rows, vocab), in nats.
        draws: How each row is drawn.
        seen: True for ids that a row has read, (rows, vocab); None if no row has a penalty.
    """
    token_ids = draw_tokens(log_probs, draws, seen=seen)
    chosen = log_probs.gather(1, token_ids.clamp(min=0)[:, None]).squeeze(1)
    is_nan = (token_ids == NOTHING) & log_probs.isnan().any(1)
    return StepTokens(
        token_ids=token_ids.masked_fill(is_nan, NOT_A_NUMBER),
        log_probs=chosen,
        distributions=log_probs,
    )

"""The token sequences that may follow a text, as a tree that is evaluated in batches."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float32

from nextword.base import DivergedError
from nextword.generation.completion.token_spelling import NO_WORD, FirstWord, TokenSpelling
from nextword.generation.session import Session
from nextword.models import LanguageModel, State


class Place(NamedTuple):
    """A row of a state."""

    state: State
    row: int


@dataclass(eq=False, kw_only=True)
class Node:
    """A sequence of tokens after the root.

    Attributes:
        spelled: The bytes of the tokens.
        first: The first word of these bytes.
        log_prob: Their log-probability, in nats.
        token_id: The last token.
        before: The place of the sequence without the last token; None for the root.
        children: Longer sequences by their last token, as far as they were requested.
        log_probs: Log-probabilities of the next token, (vocab); None until evaluated.
        place: A state that has read the sequence in one of its rows; None until evaluated.
    """

    spelled: bytes = b""
    first: FirstWord = NO_WORD
    log_prob: float = 0.0
    token_id: int = -1
    # No reference to the shorter sequence: a cycle would keep all states until a collection.
    before: "Place | None" = None
    children: "dict[int, Node]" = field(default_factory=dict)
    log_probs: Float32[np.ndarray, " vocab"] | None = None
    place: "Place | None" = None

    @property
    def evaluated_log_probs(self) -> Float32[np.ndarray, " vocab"]:
        """Log-probabilities of the next token, (vocab)."""
        assert self.log_probs is not None
        return self.log_probs


class SearchTree:
    """The tree of a session with one row; its root is the text that the session has read.

    Args:
        session: A session with one row.
        spelling: The bytes of the tokens.

    Attributes:
        root: The empty sequence.
        num_evaluations: Number of sequences that were evaluated.
    """

    def __init__(self, session: Session, spelling: TokenSpelling) -> None:
        self._model: LanguageModel = session.model
        self._spelling = spelling
        log_probs = _checked(session.log_probs[0].float().numpy())
        self.root = Node(log_probs=log_probs, place=Place(session.state, 0))
        self.num_evaluations = 0

    def child(self, node: Node, token_id: int) -> Node:
        """Return an evaluated sequence with one more token; it is created once."""
        found = node.children.get(token_id)
        if found is None:
            value = self._spelling.values[token_id]
            found = Node(
                spelled=node.spelled + value,
                first=node.first.followed_by(value),
                log_prob=node.log_prob + float(node.evaluated_log_probs[token_id]),
                token_id=token_id,
                before=node.place,
            )
            node.children[token_id] = found
        return found

    def end_probability(self, node: Node) -> float:
        """Return the probability of an evaluated sequence and of white space after it."""
        log_probs = node.evaluated_log_probs[self._spelling.starts_word_end]
        return math.exp(node.log_prob) * float(np.exp(log_probs).sum(dtype=np.float64))

    def evaluate(self, nodes: Sequence[Node]) -> None:
        """Compute the next-token distributions of sequences whose shorter ones are evaluated.

        The caller has set the model to inference: that takes about as long as a small model.
        """
        new = [node for node in nodes if node.log_probs is None]
        if not new:
            return
        self.num_evaluations += len(new)
        token_ids = torch.tensor([[node.token_id] for node in new], device=self._model.device)
        log_probs, state = self._model.next_log_probs(token_ids, _state_before(new))
        rows = _checked(log_probs[:, -1].float().cpu().numpy())
        for row, node in enumerate(new):
            node.log_probs, node.place = rows[row], Place(state, row)


def _state_before(nodes: Sequence[Node]) -> State:
    """Return the state before the last token of each sequence, one row for each."""
    groups: dict[int, tuple[State, list[int], list[int]]] = {}
    for number, node in enumerate(nodes):
        assert node.before is not None
        state, row = node.before
        _, rows, numbers = groups.setdefault(id(state), (state, [], []))
        rows.append(row)
        numbers.append(number)
    parts = [state.select(torch.tensor(rows)) for state, rows, _ in groups.values()]
    joined = parts[0] if len(parts) == 1 else parts[0].concatenate(parts[1:])
    order = [number for _, _, numbers in groups.values() for number in numbers]
    if order == sorted(order):
        return joined
    return joined.select(torch.from_numpy(np.argsort(order)))


def _checked(log_probs: Float32[np.ndarray, "..."]) -> Float32[np.ndarray, "..."]:
    if np.isnan(log_probs).any():
        raise DivergedError(
            "the model returns NaN as the probability of a token.",
            help="Its weights are damaged; train it again.",
        )
    return log_probs

"""The token sequences that may follow a text, as a tree that is evaluated in batches."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float32

from nextword.base import DivergedError
from nextword.generation.completion.token_spelling import NO_WORD, FirstWord
from nextword.generation.session import Session
from nextword.models import LanguageModel, State, inference


@dataclass(eq=False, kw_only=True)
class Node:
    """A sequence of tokens after the root.

    Attributes:
        spelled: The bytes of the tokens.
        first: The first word of these bytes.
        log_prob: Their log-probability, in nats.
        token_id: The last token.
        parent: The sequence without the last token; None for the root.
        children: Longer sequences by their last token, as far as they were requested.
        log_probs: Log-probabilities of the next token, (vocab); None until evaluated.
        states: A state that has read the sequence in one of its rows; None until evaluated.
        row: This row.
    """

    spelled: bytes = b""
    first: FirstWord = NO_WORD
    log_prob: float = 0.0
    token_id: int = -1
    parent: "Node | None" = None
    children: "dict[int, Node]" = field(default_factory=dict)
    log_probs: Float32[np.ndarray, " vocab"] | None = None
    states: State | None = None
    row: int = 0

    @property
    def evaluated_log_probs(self) -> Float32[np.ndarray, " vocab"]:
        """Log-probabilities of the next token, (vocab)."""
        assert self.log_probs is not None
        return self.log_probs

    def child(self, token_id: int, value: bytes) -> "Node":
        """Return the sequence with one more token; it is created once.

        Args:
            token_id: The token.
            value: Its bytes.
        """
        found = self.children.get(token_id)
        if found is None:
            found = Node(
                spelled=self.spelled + value,
                first=self.first.followed_by(value),
                log_prob=self.log_prob + float(self.evaluated_log_probs[token_id]),
                token_id=token_id,
                parent=self,
            )
            self.children[token_id] = found
        return found


class SearchTree:
    """The tree of a session with one row; its root is the text that the session has read.

    Args:
        session: A session with one row.

    Attributes:
        root: The empty sequence.
        num_evaluations: Number of sequences that were evaluated.
    """

    def __init__(self, session: Session) -> None:
        self._model: LanguageModel = session.model
        log_probs = _checked(session.log_probs[0].float().numpy())
        self.root = Node(log_probs=log_probs, states=session.state)
        self.num_evaluations = 0

    def evaluate(self, nodes: Sequence[Node]) -> None:
        """Compute the next-token distributions of sequences whose parents are evaluated."""
        new = [node for node in nodes if node.log_probs is None]
        if not new:
            return
        self.num_evaluations += len(new)
        token_ids = torch.tensor([[node.token_id] for node in new], device=self._model.device)
        with inference(self._model):
            log_probs, states = self._model.next_log_probs(token_ids, _parent_states(new))
        rows = _checked(log_probs[:, -1].float().cpu().numpy())
        for row, node in enumerate(new):
            node.log_probs, node.states, node.row = rows[row], states, row


def _parent_states(nodes: Sequence[Node]) -> State:
    """Return the states of the parents, one row for each node."""
    groups: dict[int, tuple[State, list[int], list[int]]] = {}
    for place, node in enumerate(nodes):
        parent = node.parent
        assert parent is not None
        assert parent.states is not None
        _, rows, places = groups.setdefault(id(parent.states), (parent.states, [], []))
        rows.append(parent.row)
        places.append(place)
    parts = [states.select(torch.tensor(rows)) for states, rows, _ in groups.values()]
    joined = parts[0] if len(parts) == 1 else parts[0].concatenate(parts[1:])
    order = [place for _, _, places in groups.values() for place in places]
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

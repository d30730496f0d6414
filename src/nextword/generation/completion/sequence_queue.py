"""A priority queue of token sequences, the most probable first; arithmetic only."""

import heapq
import itertools
import math
from collections.abc import Iterator

import numpy as np
from jaxtyping import Float64, Int64

from nextword.generation.completion.search_tree import Node

#: The least probable sequence of a batch is at least this share as probable as the best one.
_BATCH_RATIO = 0.3
#: Number of tokens that are sorted first; the others are sorted when one of them is requested.
_NUM_SORTED = 64


class Branch:
    """Sequences that extend one sequence by one token; sorted as far as they are requested.

    Args:
        parent: The evaluated sequence.
        token_ids: The tokens, (num_tokens).

    Attributes:
        parent: The evaluated sequence.
        best: The largest log-probability of an extended sequence; -inf without tokens.
    """

    def __init__(self, parent: Node, token_ids: Int64[np.ndarray, " num_tokens"]) -> None:
        self.parent = parent
        self._token_ids = token_ids
        self._log_probs: Float64[np.ndarray, " num_tokens"] = (
            parent.evaluated_log_probs[token_ids].astype(np.float64) + parent.log_prob
        )
        self._num_sorted = 0
        self.best = float(self._log_probs.max(initial=-np.inf))

    def __len__(self) -> int:
        """Return the number of sequences."""
        return len(self._token_ids)

    def entry(self, place: int) -> tuple[float, int]:
        """Return the log-probability and the last token of a sequence; 0 is the most probable."""
        if place >= self._num_sorted:
            self._sort(_NUM_SORTED if place < _NUM_SORTED else len(self))
        return float(self._log_probs[place]), int(self._token_ids[place])

    def _sort(self, num_sorted: int) -> None:
        """Sort the tokens so that the most probable ones come first, in order."""
        if num_sorted < len(self):
            # Tokens as probable as the last one are sorted too, so that ties are in one order.
            last = np.partition(self._log_probs, len(self) - num_sorted)[len(self) - num_sorted]
            is_first = self._log_probs >= last
            chosen, others = np.flatnonzero(is_first), np.flatnonzero(~is_first)
        else:
            chosen, others = np.arange(len(self)), np.arange(0)
        chosen = chosen[np.argsort(-self._log_probs[chosen], kind="stable")]
        order = np.concatenate([chosen, others])
        self._token_ids, self._log_probs = self._token_ids[order], self._log_probs[order]
        self._num_sorted = len(chosen)


class SequenceQueue:
    """A priority queue of sequences; those of a branch enter it one at a time."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Branch, int]] = []
        self._numbers = itertools.count()

    def push(self, branch: Branch) -> None:
        """Add the most probable sequence of a branch; the others follow when it is removed."""
        if branch.best > -math.inf:
            heapq.heappush(self._heap, (-branch.best, next(self._numbers), branch, 0))

    def is_below(self, bound: float) -> bool:
        """Return whether no sequence is more probable than a bound."""
        return not self._heap or math.exp(-self._heap[0][0]) <= bound

    def pop_above(self, bound: float) -> Iterator[tuple[Node, int]]:
        """Remove and yield sequences, the most probable first.

        Stop at a bound, and at sequences that are far less probable than the first one.

        Yields:
            The sequence without its last token, and this token.
        """
        last = max(bound, math.exp(-self._heap[0][0]) * _BATCH_RATIO) if self._heap else bound
        while not self.is_below(last):
            _, _, branch, place = heapq.heappop(self._heap)
            _, token_id = branch.entry(place)
            self._push_next(branch, place + 1)
            yield branch.parent, token_id

    def _push_next(self, branch: Branch, place: int) -> None:
        if place < len(branch) and (log_prob := branch.entry(place)[0]) > -math.inf:
            heapq.heappush(self._heap, (-log_prob, next(self._numbers), branch, place))

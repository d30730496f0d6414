"""The probabilities of words, summed over all their tokenizations, in batches over all words."""

import heapq
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from nextword.generation.completion.search_tree import Node, SearchTree
from nextword.generation.completion.token_spelling import TokenSpelling

#: Sequences that are evaluated in one call of the model.
_BATCH_SIZE = 32
#: A tokenization that is e^16 times less probable than its word is left out, as float32 would.
_NEGLIGIBLE = 16.0


@dataclass(eq=False, kw_only=True)
class _Target:
    """A word whose tokenizations are summed.

    Attributes:
        spelled: The white space before it and its letters.
        threshold: Less probable tokenizations are left out, a log-probability in nats.
        total: The sum so far.
    """

    spelled: bytes
    threshold: float
    total: float = 0.0


class TokenizationSums:
    """Sums over the tokenizations of words, the most probable tokenizations first.

    The tokenizations of all words are one tree, whose sequences are evaluated in batches. All of
    them are summed up if the number of evaluations allows it.

    Args:
        tree: The sequences after the text.
        spelling: The bytes of the tokens.
        last: The evaluations of the tree end with this number. Sequences that the tree has already
            evaluated are summed in any case.
    """

    def __init__(self, tree: SearchTree, spelling: TokenSpelling, *, last: int) -> None:
        self._tree = tree
        self._spelling = spelling
        self._last = last

    def of(self, spelled: Sequence[bytes], found: Sequence[float]) -> list[float]:
        """Return the probability of each of several texts, with white space after it.

        Args:
            spelled: White space before a word and the word, each.
            found: A lower bound of each probability, above 0.
        """
        targets = [
            _Target(spelled=text, threshold=math.log(bound) - _NEGLIGIBLE)
            for text, bound in zip(spelled, found, strict=True)
        ]
        pending = _Pending()
        self._extend(self._tree.root, targets, pending=pending)
        while pending:
            for node, interested in self._next_batch(pending):
                self._extend(node, interested, pending=pending)
        return [target.total for target in targets]

    def _next_batch(self, pending: "_Pending") -> list[tuple[Node, list[_Target]]]:
        """Remove the most probable sequences and evaluate them, as far as that is allowed."""
        batch, num_new = [], 0
        allowed = min(_BATCH_SIZE, self._last - self._tree.num_evaluations)
        while pending and num_new < max(allowed, 1):
            parent, token_id, interested = pending.pop()
            known = parent.children.get(token_id)
            if known is None or known.log_probs is None:
                if allowed < 1:
                    continue
                num_new += 1
            batch.append((self._tree.child(parent, token_id), interested))
        self._tree.evaluate([node for node, _ in batch])
        return batch

    def _extend(self, node: Node, targets: list[_Target], *, pending: "_Pending") -> None:
        """Add what a sequence contributes to each word, and queue the longer sequences."""
        longer: dict[int, list[_Target]] = {}
        log_probs, length = node.evaluated_log_probs, len(node.spelled)
        end: float | None = None
        for target in targets:
            rest = target.spelled[length:]
            if not rest:
                end = self._tree.end_probability(node) if end is None else end
                target.total += end
                continue
            least = target.threshold - node.log_prob
            for token_id in self._spelling.within(rest):
                if log_probs[token_id] > least:
                    longer.setdefault(token_id, []).append(target)
            for token_id in self._spelling.ending(rest):
                target.total += math.exp(node.log_prob + log_probs[token_id])
        for token_id, interested in longer.items():
            pending.push(node, token_id, interested)


class _Pending:
    """Sequences that extend an evaluated one by a token, the most probable first."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Node, int, list[_Target]]] = []
        self._numbers = itertools.count()

    def __len__(self) -> int:
        return len(self._heap)

    def push(self, parent: Node, token_id: int, targets: list[_Target]) -> None:
        """Add a sequence: an evaluated one, its next token, and the words that it may begin."""
        log_prob = parent.log_prob + float(parent.evaluated_log_probs[token_id])
        heapq.heappush(self._heap, (-log_prob, next(self._numbers), parent, token_id, targets))

    def pop(self) -> tuple[Node, int, list[_Target]]:
        """Remove the most probable sequence and return it."""
        return heapq.heappop(self._heap)[2:]

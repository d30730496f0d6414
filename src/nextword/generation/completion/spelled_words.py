"""Prediction of whole words with tokens of characters, bytes or subwords: a best-first search."""

import heapq
import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float64, Int64

from nextword.generation.completion.search_tree import Node, SearchTree
from nextword.generation.completion.token_spelling import NO_WORD, FirstWord, TokenSpelling
from nextword.generation.session import Session
from nextword.models import LanguageModel
from nextword.tokens import WORD_SEPARATORS, Tokenizer

#: Sequences that are evaluated in one call of the model.
_BATCH_SIZE = 32
#: The least probable sequence of a batch is at least this share as probable as the best one.
_BATCH_RATIO = 0.3
#: Longer words are not searched for.
_MAX_WORD_BYTES = 64
#: A tokenization of the typed letters that is e^25 times less probable than another is left out.
_NEGLIGIBLE = 25.0


class _Branch:
    """Sequences that extend one sequence by one token; sorted when the second one is requested.

    Args:
        parent: The evaluated sequence.
        token_ids: The tokens, (num_tokens).

    Attributes:
        parent: The evaluated sequence.
        token_ids: The tokens, (num_tokens); sorted after `sort`.
        log_probs: The log-probabilities of the extended sequences, (num_tokens), in nats.
    """

    def __init__(self, parent: Node, token_ids: Int64[np.ndarray, " num_tokens"]) -> None:
        self.parent = parent
        self.token_ids = token_ids
        self.log_probs: Float64[np.ndarray, " num_tokens"] = (
            parent.evaluated_log_probs[token_ids].astype(np.float64) + parent.log_prob
        )

    @property
    def best(self) -> float:
        """The largest log-probability; -inf if there are no tokens."""
        return float(self.log_probs.max(initial=-np.inf))

    def sort(self) -> None:
        """Sort the tokens, most probable first."""
        order = np.argsort(-self.log_probs, kind="stable")
        self.token_ids, self.log_probs = self.token_ids[order], self.log_probs[order]


class SpelledWords:
    """The probabilities of words that are spelled with tokens, after a text read incrementally.

    The probability of a word is that of its characters and of white space after it, given the text
    before the word. A subword may contain both the white space before a word and its first letters,
    and may extend beyond the typed letters. Therefore the search starts before this white space,
    and keeps every token sequence that is consistent with the white space and the typed letters.
    The probability of a word is the sum over its tokenizations.

    A best-first search finds the k most probable words. Each sequence is at least as probable as
    every word that it begins, so the search can stop at the first sequence that is less probable
    than the k-th word. Sequences are evaluated once and kept while the next letters are typed.

    Args:
        model: The model.
        tokenizer: Its tokenizer, of characters, bytes or subwords.
        max_evaluations: Maximum number of sequences that one search evaluates. If it is reached,
            the words found so far are returned.
    """

    def __init__(self, model: LanguageModel, tokenizer: Tokenizer, *, max_evaluations: int) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._max_evaluations = max_evaluations
        self._is_subword = tokenizer.unit == "subword"
        self._spelling = TokenSpelling(
            tokenizer,
            left_out={
                tokenizer.pad_id,
                tokenizer.unknown_id,
                tokenizer.sentence_start_id,
                tokenizer.sentence_end_id,
                *tokenizer.banned_ids,
                *model.never_ids,
            },
        )
        self.reset()

    def reset(self) -> None:
        """Start a new text."""
        self._text = ""
        self._session = Session(self._model)
        self._ids: list[int] = []
        self._blanks = b""
        self._tree: SearchTree | None = None
        self._last_pairs: dict[str, float] = {}

    def read(self, text: str) -> None:
        """Read text that ends in white space.

        Raises:
            DataError: The text cannot be encoded.
        """
        self._tree = None
        if not self._is_subword:
            self._session.feed([self._tokenizer.encode(text).ids.tolist()])
            return
        self._text += text
        before = self._text.rstrip(WORD_SEPARATORS)
        self._blanks = self._text[len(before) :].encode("ascii")
        self._feed_all(self._tokenizer.encode(before).ids.tolist())

    def most_probable(self, prefix: str, k: int) -> list[tuple[str, float]]:
        """Return the most probable words that begin with a prefix, and their probabilities.

        If the prefix is empty, further white space before the word is ignored.

        Raises:
            DivergedError: The model returns NaN.
        """
        found = self._search(prefix.encode("utf-8", errors="surrogateescape"), k)
        # Sums over all tokenizations can change the order; the sums of other tokens are exact.
        words = found.most_probable(2 * k if self._is_subword else len(found.probabilities))
        before = self._blanks_probability()
        if before == 0.0:
            self._last_pairs = {}
            return []
        pairs = [
            (word.decode("utf-8", errors="surrogateescape"), self._exact(word, found) / before)
            for word in words
        ]
        self._last_pairs = dict(pairs)
        return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))[:k]

    def probabilities(self, words: Sequence[str]) -> list[float]:
        """Return the probabilities of words in the last search; 0 if it did not find a word."""
        return [self._last_pairs.get(word, 0.0) for word in words]

    def has_word(self, word: str) -> bool:
        """Return whether the tokens can spell a word."""
        encoding = self._tokenizer.encode(word)
        return not encoding.unknown.any()

    def _feed_all(self, ids: list[int]) -> None:
        """Let the session read the ids of a whole text, of which it has read a part."""
        # The text read before may have other ids as a part of the longer text.
        if ids[: len(self._ids)] != self._ids:
            self._session, self._ids = Session(self._model), []
        self._session.feed([ids[len(self._ids) :]])
        self._ids = ids

    @property
    def _root(self) -> SearchTree:
        if self._tree is None:
            self._tree = SearchTree(self._session)
        return self._tree

    def _covers(self, required: bytes) -> list[_Branch]:
        """Return the sequences that spell `required`, or more, with their last token only.

        Args:
            required: Bytes after the session, not empty.
        """
        tree = self._root
        frontier, covers = [tree.root], []
        while frontier:
            tree.evaluate(frontier)
            longer: list[Node] = []
            for node in frontier:
                rest = required[len(node.spelled) :]
                beyond = self._spelling.beyond(rest)
                if len(beyond):
                    covers.append(_Branch(node, beyond))
                longer += [
                    node.child(int(token_id), self._spelling.values[token_id])
                    for token_id in self._spelling.inside(rest)
                ]
            frontier = _not_negligible(longer)
        return covers

    def _search(self, typed: bytes, k: int) -> "_Found":
        """Return words that begin so, each with the sum over the tokenizations found."""
        tree, required = self._root, self._blanks + typed
        queue = _Queue(self._covers(required) if required else [self._all_after(tree.root)])
        found = _Found()
        last = tree.num_evaluations + self._max_evaluations
        while tree.num_evaluations < last:
            bound = found.kth_largest(k)
            if queue.is_below(bound):
                break
            nodes = self._next_nodes(queue, found, bound)
            tree.evaluate(nodes)
            for node in nodes:
                self._extend(node, queue=queue, found=found)
        return found

    def _next_nodes(self, queue: "_Queue", found: "_Found", bound: float) -> list[Node]:
        """Return the most probable sequences to evaluate; words that end in them are found."""
        nodes = []
        for parent, token_id in itertools.islice(queue.pop_above(bound), _BATCH_SIZE):
            node = parent.child(token_id, self._spelling.values[token_id])
            if node.first.is_ended:
                found.add(node.first, math.exp(node.log_prob))
            elif len(node.spelled) <= _MAX_WORD_BYTES + len(self._blanks):
                nodes.append(node)
        return nodes

    def _extend(self, node: Node, *, queue: "_Queue", found: "_Found") -> None:
        """Add the probability that the word of a sequence ends, and queue longer sequences."""
        if not node.first.word:
            queue.push(self._all_after(node))
            return
        found.add(node.first, self._end_probability(node))
        queue.push(_Branch(node, self._spelling.continues_word))

    def _all_after(self, node: Node) -> _Branch:
        return _Branch(node, self._spelling.spells)

    def _end_probability(self, node: Node) -> float:
        """Return the probability of a sequence and of white space after it."""
        log_probs = node.evaluated_log_probs[self._spelling.starts_word_end].astype(np.float64)
        return math.exp(node.log_prob) * float(np.exp(log_probs).sum())

    def _exact(self, word: bytes, found: "_Found") -> float:
        """Return the probability of a word and the white space before it.

        It is the sum over all tokenizations. For characters and bytes there is one.
        """
        if not self._is_subword:
            return found.probabilities[word]
        return sum(self._sum_of_tokenizations(blanks + word) for blanks in found.blanks[word])

    def _sum_of_tokenizations(self, spelled: bytes) -> float:
        """Return the probability of bytes after the session, followed by white space."""
        total, complete = 0.0, []
        for branch in self._covers(spelled):
            for token_id, log_prob in zip(branch.token_ids, branch.log_probs, strict=True):
                value = self._spelling.values[token_id]
                rest = value[len(spelled) - len(branch.parent.spelled) :]
                if not rest:
                    complete.append(branch.parent.child(int(token_id), value))
                elif NO_WORD.followed_by(rest).blanks:
                    total += math.exp(log_prob)
        complete = _not_negligible(complete)
        self._root.evaluate(complete)
        return total + sum(map(self._end_probability, complete))

    def _blanks_probability(self) -> float:
        """Return the probability of the white space between the session and the word."""
        if not self._blanks:
            return 1.0
        branches = self._covers(self._blanks)
        return sum(float(np.exp(branch.log_probs).sum()) for branch in branches)


class _Found:
    """Words that a search has found.

    Attributes:
        probabilities: The probability of each word, summed over the sequences found.
        blanks: The different white space before each word.
    """

    def __init__(self) -> None:
        self.probabilities: dict[bytes, float] = {}
        self.blanks: dict[bytes, set[bytes]] = {}

    def add(self, first: FirstWord, probability: float) -> None:
        """Add a sequence that spells a word."""
        if probability > 0.0:
            known = self.probabilities.get(first.word, 0.0)
            self.probabilities[first.word] = known + probability
            self.blanks.setdefault(first.word, set()).add(first.blanks)

    def kth_largest(self, k: int) -> float:
        """Return the k-th largest probability; 0 if there are fewer words."""
        if len(self.probabilities) < k:
            return 0.0
        return heapq.nlargest(k, self.probabilities.values())[-1]

    def most_probable(self, k: int) -> list[bytes]:
        """Return the k most probable words."""
        return heapq.nlargest(k, self.probabilities, key=self.probabilities.__getitem__)


class _Queue:
    """A priority queue of sequences; those of a branch enter it one at a time.

    Args:
        branches: The first branches.
    """

    def __init__(self, branches: Sequence[_Branch]) -> None:
        self._heap: list[tuple[float, int, _Branch, int]] = []
        self._numbers = itertools.count()
        for branch in branches:
            self.push(branch)

    def push(self, branch: _Branch) -> None:
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
            if place == 0:
                branch.sort()
            self._push_next(branch, place + 1)
            yield branch.parent, int(branch.token_ids[place])

    def _push_next(self, branch: _Branch, place: int) -> None:
        if place < len(branch.token_ids) and branch.log_probs[place] > -math.inf:
            entry = (-float(branch.log_probs[place]), next(self._numbers), branch, place)
            heapq.heappush(self._heap, entry)


def _not_negligible(nodes: Sequence[Node]) -> list[Node]:
    """Return the sequences without those that are far less probable than the best of them."""
    best = max((node.log_prob for node in nodes), default=-math.inf)
    return [node for node in nodes if node.log_prob > max(best - _NEGLIGIBLE, -math.inf)]

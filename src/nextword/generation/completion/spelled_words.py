"""Prediction of whole words with tokens of characters, bytes or subwords: a best-first search."""

import itertools
import math
from collections.abc import Sequence

import numpy as np

from nextword.generation.completion.found_words import FoundWords
from nextword.generation.completion.kept_tables import KeptTables
from nextword.generation.completion.search_tree import Node, SearchTree
from nextword.generation.completion.sequence_queue import Branch, SequenceQueue
from nextword.generation.completion.token_spelling import TokenSpelling
from nextword.generation.completion.tokenization_sums import TokenizationSums
from nextword.generation.session import Session
from nextword.models import LanguageModel, inference
from nextword.tokens import WORD_SEPARATORS, Tokenizer

#: Sequences that are evaluated in one call of the model.
_BATCH_SIZE = 32
#: Longer words are not searched for.
_MAX_WORD_BYTES = 64


_SPELLINGS = KeptTables(lambda tokenizer, left_out: TokenSpelling(tokenizer, left_out=left_out))


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
        max_evaluations: Maximum number of sequences that are evaluated for one prefix. If it is
            reached, the words found so far are returned, with the sums over the tokenizations
            found so far.
    """

    def __init__(self, model: LanguageModel, tokenizer: Tokenizer, *, max_evaluations: int) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._max_evaluations = max_evaluations
        self._is_subword = tokenizer.unit == "subword"
        self._spelling = _SPELLINGS.of(
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
        typed = prefix.encode("utf-8", errors="surrogateescape")
        with inference(self._model):
            found = self._probabilities_after(typed, k)
        self._last_pairs = {
            word.decode("utf-8", errors="surrogateescape"): probability
            for word, probability in found.items()
        }
        return sorted(self._last_pairs.items(), key=lambda pair: (-pair[1], pair[0]))[:k]

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
            self._tree = SearchTree(self._session, self._spelling)
        return self._tree

    def _probabilities_after(self, typed: bytes, k: int) -> dict[bytes, float]:
        """Return the probability of each of at least k words that begin so, if there are k."""
        last = self._root.num_evaluations + self._max_evaluations
        found = self._search(typed, k, last=last)
        before = self._blanks_probability()
        if before == 0.0:
            return {}
        # Sums over all tokenizations can change the order; those of other tokens are exact.
        sums = self._sums(found, 2 * k, last=last) if self._is_subword else found.probabilities
        return {word: probability / before for word, probability in sums.items()}

    def _search(self, typed: bytes, k: int, *, last: int) -> FoundWords:
        """Return words that begin so, each with the sum over the tokenizations found.

        Args:
            typed: The typed letters.
            k: Number of words.
            last: The evaluations of the tree end with this number.
        """
        tree, required = self._root, self._blanks + typed
        queue, found = SequenceQueue(), FoundWords()
        self._extend(tree.root, required, queue=queue, found=found)
        while tree.num_evaluations < last:
            bound = found.kth_largest(k)
            if queue.is_below(bound):
                break
            allowed = min(_BATCH_SIZE, last - tree.num_evaluations)
            nodes = self._next_nodes(queue, found, bound=bound, allowed=allowed)
            tree.evaluate(nodes)
            for node in nodes:
                self._extend(node, required, queue=queue, found=found)
        return found

    def _next_nodes(
        self, queue: SequenceQueue, found: FoundWords, *, bound: float, allowed: int
    ) -> list[Node]:
        """Return the most probable sequences to evaluate; words that end in them are found."""
        nodes = []
        for parent, token_id in itertools.islice(queue.pop_above(bound), allowed):
            node = self._root.child(parent, token_id)
            if node.first.is_ended:
                found.add(node.first, math.exp(node.log_prob))
            elif len(node.spelled) <= _MAX_WORD_BYTES + len(self._blanks):
                nodes.append(node)
        return nodes

    def _extend(
        self, node: Node, required: bytes, *, queue: SequenceQueue, found: FoundWords
    ) -> None:
        """Add the probability that the word of a sequence ends, and queue longer sequences."""
        rest = required[len(node.spelled) :]
        if rest:
            token_ids = self._spelling.consistent(rest)
        elif node.first.word:
            found.add(node.first, self._root.end_probability(node))
            token_ids = self._spelling.continues_word
        else:
            token_ids = self._spelling.spells
        queue.push(Branch(node, token_ids))

    def _sums(self, found: FoundWords, num_words: int, *, last: int) -> dict[bytes, float]:
        """Return the most probable words with the sums over all tokenizations.

        Args:
            found: Words that a search has found.
            num_words: Number of words.
            last: The evaluations of the tree end with this number.
        """
        words = found.most_probable(num_words)
        spelled = [(word, blanks + word) for word in words for blanks in found.blanks[word]]
        sums = TokenizationSums(self._root, self._spelling, last=last).of(
            [text for _, text in spelled], [found.probabilities[word] for word, _ in spelled]
        )
        totals = dict.fromkeys(words, 0.0)
        for (word, _), value in zip(spelled, sums, strict=True):
            totals[word] += value
        return totals

    def _blanks_probability(self) -> float:
        """Return the probability of the white space between the session and the word."""
        frontier = [(self._root.root, self._blanks)] if self._blanks else []
        total = 0.0 if self._blanks else 1.0
        while frontier:
            self._root.evaluate([node for node, _ in frontier])
            longer = []
            for node, rest in frontier:
                beyond = node.evaluated_log_probs[self._spelling.beyond(rest)]
                total += math.exp(node.log_prob) * float(np.exp(beyond).sum(dtype=np.float64))
                for token_id in self._spelling.within(rest[:-1]):
                    child = self._root.child(node, token_id)
                    if child.log_prob > -math.inf:
                        longer.append((child, rest[len(self._spelling.values[token_id]) :]))
            frontier = longer
        return total

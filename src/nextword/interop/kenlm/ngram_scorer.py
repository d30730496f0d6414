"""Scores of words by back-off tables, without torch.

A context is the rank of the n-gram of each order that ends at the last word. One look-up per order
therefore finds both the score of the next word and the next context. The compiled kernels score
whole sentences; their sums are those of `read`, to the bit.
"""

import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64

from nextword.interop.kenlm.scorer import END, LN_10, WordScore, words_of
from nextword.interop.kenlm.state import Context
from nextword.ngrams import (
    NOT_FOUND,
    Matches,
    NgramTables,
    next_word_log_probs,
    ngram_kernels,
    with_suffixes,
)

_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True)
class NgramContext:
    """The n-grams that end at the last word.

    Attributes:
        ranks: Rank of the n-gram of each order, order 1 first, or `NOT_FOUND`. Orders after which
            no longer n-gram is stored and no weight applies are left out, as in KenLM.
    """

    ranks: tuple[int, ...]

    @property
    def key(self) -> tuple[Hashable, ...]:
        """The ranks."""
        return self.ranks


class NgramScorer:
    """Scores words by back-off tables.

    Args:
        tables: The n-grams.
        words: The text of each id.
        id_of: Returns the id of a word, `unknown_id` for one outside the vocabulary.
        unknown_id: Id of words outside the vocabulary.
        start_id: Id of `<s>`.
        pad_id: Id of padding, which is not a word.
        start_log10: log10 probability of `<s>` as a word, which KenLM takes from the file.
        ids: The id of every word, if `id_of` is no more than a look-up in it.
    """

    def __init__(
        self,
        tables: NgramTables,
        words: Sequence[str],
        *,
        id_of: Callable[[str], int],
        unknown_id: int,
        start_id: int,
        pad_id: int,
        start_log10: float = 0.0,
        ids: Mapping[str, int] | None = None,
    ) -> None:
        tables = with_suffixes(tables)
        self.order = tables.order
        self.entries = words
        #: Has no effect: look-ups are not batched.
        self.look_ahead = 0
        self._tables = tables
        self._unknown_id = unknown_id
        self._start_id = start_id
        self._never_ids = (pad_id, start_id)
        self._start_log10 = start_log10
        self._id_of = id_of
        self._extends = [_extends(tables, order) for order in range(1, tables.order)]
        self._find: Callable[[int, int, int], int] = self._found
        if tables.index is not None:
            self._find = tables.index.find
        self._sentences = self._compiled({} if ids is None else ids)
        self._splits_sentences = ids is not None

    def _compiled(self, ids: Mapping[str, int]) -> Any:
        """Return the compiled scorer of sentences; None without the compiled kernels."""
        kernels = ngram_kernels()
        if kernels is None:
            return None
        return kernels.SentenceScorer(
            self._tables.index,
            words=[word for word in ids if _is_unicode(word)],
            ids=np.array([ids[word] for word in ids if _is_unicode(word)], dtype=np.int64),
            unknown_id=self._unknown_id,
            start_id=self._start_id,
            end_id=self._id_of(END),
            start_log10=self._start_log10,
        )

    def sentence_score(self, sentence: str | bytes, *, bos: bool, eos: bool) -> float | None:
        """Return the log10 probability of a sentence; None without the compiled kernels.

        Args:
            sentence: Words between ASCII white space.
            bos: Whether to start at `<s>`.
            eos: Whether to include `</s>`.

        Raises:
            TypeError: The sentence is neither str nor bytes.
        """
        if self._sentences is None:
            return None
        if self._splits_sentences and (isinstance(sentence, str) and _is_unicode(sentence)):
            return float(self._sentences.score(sentence, bos, eos))
        numbers = list(map(self._id_of, words_of(sentence)))
        if eos:
            numbers.append(self._id_of(END))
        return float(self._sentences.score_ids(numbers, bos))

    def empty(self) -> Context:
        """Return the context of no words at all."""
        return NgramContext(ranks=())

    def begin(self) -> Context:
        """Return the context of `<s>`."""
        return self._after([self._start_id])

    def knows(self, word: str) -> bool:
        """Return whether a word is in the vocabulary; `<unk>` itself is not."""
        return self._id_of(word) != self._unknown_id

    def read(self, context: Context, word: str) -> WordScore:
        """Return the score of a word after a context."""
        assert isinstance(context, NgramContext)
        number = self._id_of(word)
        tables, found = self._tables, [number]
        for order, rank in enumerate(context.ranks, start=2):
            found.append(NOT_FOUND if rank == NOT_FOUND else self._find(order, rank, number))
        length = max(order for order, rank in enumerate(found, start=1) if rank != NOT_FOUND)
        log_prob = float(tables.log_probs[length - 1][found[length - 1]])
        for order in range(length, len(context.ranks) + 1):
            if context.ranks[order - 1] != NOT_FOUND:
                log_prob += float(tables.backoffs[order - 1][context.ranks[order - 1]])
        log10 = log_prob / LN_10
        if number == self._start_id and length == 1:
            log10 = self._start_log10 + self._weights(context)
        return WordScore(log10, length, number == self._unknown_id, self._after(found))

    def read_each(self, contexts: Sequence[Context], words: Sequence[str]) -> list[WordScore]:
        """Return the score of one word after each context."""
        return [self.read(*pair) for pair in zip(contexts, words, strict=True)]

    def read_all(self, context: Context, words: Sequence[str]) -> Iterator[WordScore]:
        """Iterate over the scores of words that follow each other."""
        for word in words:
            score = self.read(context, word)
            context = score.context
            yield score

    def next_scores(self, context: Context) -> Float64[np.ndarray, " vocab"]:
        """Return the log10 probability of every word, (vocab)."""
        assert isinstance(context, NgramContext)
        ranks = [*context.ranks, *[NOT_FOUND] * (self.order - 1 - len(context.ranks))]
        log_probs = next_word_log_probs(
            self._tables,
            Matches(ranks=tuple(np.array([rank], dtype=np.int64) for rank in ranks)),
            num_places=1,
            never_ids=self._never_ids,
        )
        scores: Float64[np.ndarray, " vocab"] = log_probs[0].astype(np.float64) / LN_10
        return scores

    def _found(self, order: int, context: int, word: int) -> int:
        """Return the rank of an n-gram, given the rank of its context."""
        keys = self._tables.keys[order - 2]
        wanted = context * self._tables.vocab_size + word
        place = int(np.searchsorted(keys, wanted))
        return place if place < len(keys) and keys[place] == wanted else NOT_FOUND

    def _weights(self, context: NgramContext) -> float:
        """Return the log10 weight of backing off from a context to no context."""
        weights = (
            float(self._tables.backoffs[order][rank])
            for order, rank in enumerate(context.ranks)
            if rank != NOT_FOUND
        )
        return sum(weights) / LN_10

    def _after(self, found: Sequence[int]) -> NgramContext:
        """Return the context of the n-grams that end at a word, order 1 first."""
        ranks = list(found[: self.order - 1])
        while ranks and (ranks[-1] == NOT_FOUND or not self._extends[len(ranks) - 1][ranks[-1]]):
            ranks.pop()
        return NgramContext(ranks=tuple(ranks))


def ngram_words(texts: Sequence[str], *, end_id: int) -> list[str]:
    """Return the words of the ids, the sentence end as `</s>`.

    Args:
        texts: The text of each id.
        end_id: Id of the sentence end.
    """
    return [END if number == end_id else text for number, text in enumerate(texts)]


def _is_unicode(word: str) -> bool:
    """Return whether a word has no surrogates, which stand for bytes that are not UTF-8."""
    return word.isascii() or _SURROGATE.search(word) is None


def _extends(tables: NgramTables, order: int) -> Bool[np.ndarray, " num_ngrams"]:
    """Return which n-grams of an order matter as contexts: longer ones exist, or a weight does."""
    matters: Bool[np.ndarray, " num_ngrams"] = np.asarray(tables.backoffs[order - 1]) != 0.0
    matters[np.asarray(tables.keys[order - 1]) // tables.vocab_size] = True
    return matters

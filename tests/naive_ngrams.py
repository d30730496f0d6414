"""n-gram models a second time, in dictionaries and loops: slow, and easy to see through."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nextword.ngrams import FALLBACK, NgramCounts, NgramTables

Ngram = tuple[int, ...]
START, PAD, UNKNOWN, END = 2, 0, 1, 3


def split_sentences(ids: Sequence[int], starts: Sequence[int]) -> list[list[int]]:
    """Sentences, each after its `<s>`."""
    ends = [*starts[1:], len(ids)]
    return [[START, *ids[a:b]] for a, b in zip(starts, ends, strict=True)]


def naive_counts(sentences: Sequence[Sequence[int]], order: int) -> Counter[Ngram]:
    """Plain counts of all n-grams of an order."""
    return Counter(
        tuple(sentence[begin : begin + order])
        for sentence in sentences
        for begin in range(len(sentence) - order + 1)
        if sentence[begin : begin + order] != [START]
    )


def counts_as_dictionary(counts: NgramCounts, order: int) -> dict[Ngram, int]:
    """The vectorised counts of an order, spelled out."""
    numbers = counts.of(order).counts.tolist()
    ngrams = spelled(counts, order)
    return {
        ngram: number
        for ngram, number in zip(ngrams, numbers, strict=True)
        if number and ngram != (START,)
    }


def spelled(counts: NgramCounts, order: int) -> list[Ngram]:
    """The n-grams of an order as ids, by rank."""
    if order == 1:
        return [(token_id,) for token_id in range(counts.vocab_size)]
    below = spelled(counts, order - 1)
    pairs = (divmod(int(key), counts.vocab_size) for key in counts.of(order).keys)
    return [(*below[context], word) for context, word in pairs]


@dataclass(kw_only=True)
class NaiveModel:
    """Probabilities and back-off weights in dictionaries.

    Attributes:
        probabilities: Of n-grams of all orders.
        backoffs: Of contexts; 1 where missing.
        order: Length of the longest n-grams.
    """

    probabilities: dict[Ngram, float]
    backoffs: dict[Ngram, float]
    order: int

    def probability(self, context: Ngram, word: int) -> float:
        """p(word | context), by the definition of back-off."""
        context = context[max(0, len(context) - self.order + 1) :]
        if START in context:
            last = len(context) - 1 - context[::-1].index(START)
            context = context[last:]
        if (*context, word) in self.probabilities:
            return self.probabilities[(*context, word)]
        if not context:
            return 0.0
        return self.backoffs.get(context, 1.0) * self.probability(context[1:], word)


def as_naive(tables: NgramTables) -> NaiveModel:
    """The same model out of the tables."""
    model = NaiveModel(probabilities={}, backoffs={}, order=tables.order)
    for order in range(1, tables.order + 1):
        ngrams = tables.words_of(order, np.arange(tables.num_ngrams[order - 1])).tolist()
        scores = np.exp(tables.log_probs[order - 1].astype(float)).tolist()
        model.probabilities |= dict(zip(map(tuple, ngrams), scores, strict=True))
        if order < tables.order:
            weights = np.exp(tables.backoffs[order - 1].astype(float)).tolist()
            model.backoffs |= dict(zip(map(tuple, ngrams), weights, strict=True))
    return model


def naive_kneser_ney(
    sentences: Sequence[Sequence[int]], *, order: int, vocab_size: int, prune: Sequence[int]
) -> NaiveModel:
    """Interpolated modified Kneser-Ney as its definition reads; `prune` has a value an order."""
    plain = [naive_counts(sentences, n) for n in range(1, order + 1)]
    model = NaiveModel(probabilities={}, backoffs={}, order=order)
    num_types = vocab_size - 2
    uniform = {(word,): 1.0 / num_types for word in range(vocab_size) if word not in (PAD, START)}
    for n in range(1, order + 1):
        counts = _adjusted(plain, n, order)
        amounts = _discounts(_as_lmplz_sees(counts, plain[n - 1], sentences, n, order))
        kept = {ngram for ngram in counts if plain[n - 1][ngram] > prune[n - 1]}
        sums: dict[Ngram, float] = defaultdict(float)
        left: dict[Ngram, float] = defaultdict(float)
        for ngram, count in counts.items():
            sums[ngram[:-1]] += count
            left[ngram[:-1]] += amounts[min(count, 3)] if ngram in kept else count
        gammas = {context: left[context] / sums[context] for context in sums}
        if n == 1:
            for word, share in uniform.items():
                own = counts[word] - amounts[min(counts[word], 3)]
                model.probabilities[word] = own / sums[()] + gammas[()] * share
            continue
        for ngram in kept:
            own = (counts[ngram] - amounts[min(counts[ngram], 3)]) / sums[ngram[:-1]]
            lower = _interpolated(model, plain, ngram[1:])
            model.probabilities[ngram] = own + gammas[ngram[:-1]] * lower
        model.backoffs |= gammas
    return model


def _interpolated(model: NaiveModel, plain: Sequence[Counter[Ngram]], ngram: Ngram) -> float:
    # Whatever is kept has its suffix kept: it was seen at least as often.
    assert len(ngram) == 1 or plain[len(ngram) - 1][ngram]
    return model.probabilities[ngram]


def _adjusted(plain: Sequence[Counter[Ngram]], n: int, order: int) -> Counter[Ngram]:
    if n == order:
        return plain[n - 1]
    neighbours = Counter(ngram[1:] for ngram in plain[n])
    return Counter(
        {
            ngram: plain[n - 1][ngram] if ngram[0] == START else neighbours[ngram]
            for ngram in plain[n - 1]
        }
    )


def _as_lmplz_sees(
    adjusted: Counter[Ngram],
    plain: Counter[Ngram],
    sentences: Sequence[Sequence[int]],
    n: int,
    order: int,
) -> Counter[Ngram]:
    """Of the last n-gram in its order, lmplz takes the plain count."""
    if n == order:
        return adjusted
    appearance = {START: 0, END: 0}
    for sentence in sentences:
        for word in sentence:
            appearance.setdefault(word, len(appearance))
    endings = [
        tuple(reversed(sentence[max(0, end - order) : end]))
        for sentence in sentences
        for end in range(2, len(sentence) + 1)
    ]
    last = max(endings, key=lambda ending: [appearance[word] for word in ending])[:n][::-1]
    return Counter(adjusted | {last: plain[last]}) if len(last) == n else adjusted


def _discounts(counts: Counter[Ngram]) -> list[float]:
    t = [sum(count == k for count in counts.values()) for k in range(5)]
    if 0 in t[1:4]:
        return [0.0, *FALLBACK]
    y = t[1] / (t[1] + 2 * t[2])
    amounts = [k - (k + 1) * y * t[k + 1] / t[k] for k in (1, 2, 3)]
    if any(not 0 <= amount <= k for k, amount in enumerate(amounts, 1)):
        return [0.0, *FALLBACK]
    return [0.0, *amounts]


def naive_arpa(text: str) -> dict[tuple[str, ...], tuple[float, float]]:
    """The log10 probabilities and back-offs of a sound ARPA file, by words."""
    entries: dict[tuple[str, ...], tuple[float, float]] = {}
    order = 0
    lines = text.split("\n")
    begin = [line.rstrip(" \t\r") for line in lines].index("\\data\\")
    for line in lines[begin:]:
        fields = [field for field in re.split("[ \t\r]+", line) if field]
        if fields and fields[0].startswith("\\"):
            order = int(fields[0][1 : fields[0].index("-")]) if "-grams" in fields[0] else 0
        elif order and fields:
            backoff = float(fields[order + 1]) if len(fields) == order + 2 else 0.0
            entries[tuple(fields[1 : order + 1])] = (float(fields[0]), backoff)
    return entries


def close(actual: float, expected: float, *, tolerance: float = 1e-6) -> bool:
    """Equal but for single precision."""
    return math.isclose(actual, expected, rel_tol=tolerance, abs_tol=1e-30)

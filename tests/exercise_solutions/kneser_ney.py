"""Solution of exercise 5."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise


def discount(tokens: Sequence[str]) -> float:
    sizes = Counter(Counter(pairwise(tokens)).values())
    return sizes[1] / (sizes[1] + 2 * sizes[2])


def bigram_probability(tokens: Sequence[str], before: str, word: str) -> float:
    counts = Counter(pairwise(tokens))
    total = sum(count for (v, _), count in counts.items() if v == before)
    followers = sum(v == before for v, _ in counts)
    continuation = sum(w == word for _, w in counts) / len(counts)
    d = discount(tokens)
    return max(counts[before, word] - d, 0) / total + d * followers / total * continuation

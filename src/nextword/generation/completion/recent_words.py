"""A cache of the words typed recently, which makes them more probable. Uses words only."""

import math
from dataclasses import dataclass

from nextword.base import Probability, require, settings

#: Scores are rescaled when they exceed this number, long before they overflow.
_LARGEST_SCALE = 1e100


@settings("cache")
@dataclass(frozen=True, kw_only=True)
class CacheConfig:
    """Settings of a cache of recent words.

    Attributes:
        weight: Share of the cache in the mixture with the model, from 0 to below 1.
        decay: Factor by which the weight of a word decreases with each later word, in (0, 1].
    """

    weight: Probability = 0.05
    decay: float = 0.99

    def __post_init__(self) -> None:
        require(self.weight < 1.0, f"weight is {self.weight}; it must be below 1.")
        require(
            math.isfinite(self.decay) and 0.0 < self.decay <= 1.0,
            f"decay is {self.decay}; it must be above 0 and at most 1.",
        )


class RecentWords:
    """The distribution of the words typed so far, with exponentially decreasing weights.

    The probability of a word is the sum of `decay ** age` over its occurrences, divided by the
    sum over all words; the last word has age 0.

    Args:
        config: Settings of the cache.

    Source: [kuhn1990].

    Example:
        >>> recent = RecentWords(CacheConfig(decay=0.5))
        >>> for word in ("tea", "tree", "tea"):
        ...     recent.add(word)
        >>> round(recent.probability("tea"), 4)
        0.7143
    """

    def __init__(self, config: CacheConfig) -> None:
        self.config = config
        self._scores: dict[str, float] = {}
        self._total = 0.0
        self._scale = 1.0

    def add(self, word: str) -> None:
        """Add a word that was typed."""
        # Raising the score of new words has the same effect as lowering all earlier scores.
        self._scale /= self.config.decay
        self._scores[word] = self._scores.get(word, 0.0) + self._scale
        self._total += self._scale
        if self._scale > _LARGEST_SCALE:
            self._rescale()

    def probability(self, word: str) -> float:
        """Return the probability of a word; 0 if it was never typed."""
        return self._scores.get(word, 0.0) / self._total if self._total else 0.0

    def words(self, prefix: str) -> list[str]:
        """Return the words that begin with a prefix, in the order in which they first occurred."""
        return [word for word in self._scores if word.startswith(prefix)]

    def _rescale(self) -> None:
        scaled = {word: score / self._scale for word, score in self._scores.items()}
        # A word whose score became 0 has no influence any more.
        self._scores = {word: score for word, score in scaled.items() if score > 0.0}
        self._total = sum(self._scores.values())
        self._scale = 1.0

"""The words that a search has found, with their probabilities."""

import heapq

from nextword.generation.completion.token_spelling import FirstWord


class FoundWords:
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

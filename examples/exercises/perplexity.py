"""Exercise 4: perplexity.

Perplexity = (product over N tokens of 1 / p)^(1/N) = e^(mean of -log p).
"""

from collections.abc import Sequence


def perplexity(probabilities: Sequence[float]) -> float:
    """Return the perplexity of a text from the probability of each of its tokens.

    Args:
        probabilities: p of each token, in (0, 1]; there may be a million of them.

    Returns:
        The perplexity, at least 1; infinite if a probability is 0.

    Hint: the product of a million probabilities is 0 in floating point. Add logarithms.
    """
    raise NotImplementedError("use logarithms")


def bits_per_token(perplexity: float) -> float:
    """Return the mean cross-entropy in bits that belongs to a perplexity."""
    raise NotImplementedError("which power of 2 is it?")

"""Exercise 6: sampling the next token.

A temperature τ divides the logits before the softmax: below 1 the distribution is sharper. Top-k
keeps the k most probable tokens and gives the others 0.
"""

import numpy as np


def next_token_distribution(
    logits: np.ndarray, *, temperature: float = 1.0, top_k: int | None = None
) -> np.ndarray:
    """Return the distribution to sample from, (vocab); it sums to 1.

    Args:
        logits: Unnormalised scores, (vocab).
        temperature: τ, above 0.
        top_k: Number of tokens to keep; all when None. No two logits are equal.

    Hint: subtract the largest logit before the exponential, so that nothing overflows.
    """
    raise NotImplementedError("divide, keep, exponentiate, normalise")


def draw(distribution: np.ndarray, uniform: float) -> int:
    """Return the token that a uniform random number in [0, 1) selects.

    Args:
        distribution: Probabilities, (vocab).
        uniform: The random number.

    Returns:
        The smallest token whose cumulative probability exceeds the number.
    """
    raise NotImplementedError("compare cumulative probabilities with the number")

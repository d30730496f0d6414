"""The discounts of modified Kneser-Ney smoothing for counts of 1, 2, and 3 or more."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64, Integer

#: Discounts of lmplz if they cannot be estimated, because a text has too few different counts.
FALLBACK = (0.5, 1.0, 1.5)
_LARGEST = 3


@dataclass(frozen=True, kw_only=True)
class Discounts:
    """The amounts that are subtracted from the counts of one order.

    Attributes:
        amounts: Discount of a count of 1, of 2, and of 3 or more.
        used_fallback: Whether they could not be estimated and are those of `FALLBACK`.
    """

    amounts: tuple[float, float, float]
    used_fallback: bool

    def of(self, counts: Integer[np.ndarray, " num_ngrams"]) -> Float64[np.ndarray, " num_ngrams"]:
        """Return the discount of each count, (num_ngrams); 0 for a count of 0."""
        taken: Float64[np.ndarray, " num_ngrams"]
        taken = np.array([0.0, *self.amounts])[np.minimum(counts, _LARGEST)]
        return taken


def count_histogram(counts: Integer[np.ndarray, " num_ngrams"]) -> Int64[np.ndarray, " 5"]:
    """Return how many n-grams have a count of 0, 1, 2, 3 and 4.

    Example:
        >>> count_histogram(np.array([1, 1, 3, 7])).tolist()
        [0, 2, 0, 1, 0]
    """
    numbers = [np.count_nonzero(counts == k) for k in range(_LARGEST + 2)]
    return np.array(numbers, dtype=np.int64)


def kneser_ney_discounts(numbers: Int64[np.ndarray, " 5"]) -> Discounts:
    """Estimate the discounts of one order from its adjusted counts.

    With t_k the number of n-grams of count k: Y = t_1 / (t_1 + 2 t_2),
    D_k = k - (k + 1) Y t_{k+1} / t_k for k = 1, 2, 3.

    If a t_k is 0, or a D_k is outside [0, k], the discounts are those of `FALLBACK`.

    Args:
        numbers: t_0 to t_4, as returned by `count_histogram`.

    Source: [chen1998], equation 26.

    Example:
        >>> kneser_ney_discounts(np.array([0, 40, 20, 10, 5])).amounts
        (0.5, 1.25, 2.0)
    """
    t = numbers.tolist()
    if 0 in t[1 : _LARGEST + 1]:
        return Discounts(amounts=FALLBACK, used_fallback=True)
    y = t[1] / (t[1] + 2 * t[2])
    first, second, third = (k - (k + 1) * y * t[k + 1] / t[k] for k in range(1, _LARGEST + 1))
    if not (0 <= first <= 1 and 0 <= second <= 2 and 0 <= third <= _LARGEST):
        return Discounts(amounts=FALLBACK, used_fallback=True)
    return Discounts(amounts=(first, second, third), used_fallback=False)

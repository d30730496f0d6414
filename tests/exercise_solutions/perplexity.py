"""Solution of exercise 4."""

import math
from collections.abc import Sequence


def perplexity(probabilities: Sequence[float]) -> float:
    if min(probabilities) == 0:
        return math.inf
    return math.exp(-sum(map(math.log, probabilities)) / len(probabilities))


def bits_per_token(perplexity: float) -> float:
    return math.log2(perplexity)

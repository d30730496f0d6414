"""The score by which finished targets are ranked."""

from jaxtyping import Float
from torch import Tensor

from nextword.tasks.decoding.search.config import SearchConfig

#: Coverage below this counts as this, so that its logarithm is finite.
_LEAST_COVERAGE = 1e-30


def length_divisor(length: int, *, length_penalty: float) -> float:
    """Return lp(Y) = ((5 + |Y|) / 6)^length_penalty.

    Args:
        length: Number of tokens |Y|, the end token included.
        length_penalty: The exponent.

    Source: [wu2016], equation 14.

    Example:
        >>> length_divisor(7, length_penalty=1.0)
        2.0
    """
    return float(((5.0 + length) / 6.0) ** length_penalty)


def coverage_scores(
    coverage: Float[Tensor, "rows source"], is_source: Tensor, *, coverage_penalty: float
) -> Float[Tensor, " rows"]:
    """Return coverage_penalty · Σ_s log min(Σ_t a[t, s], 1) of every row, (rows).

    Args:
        coverage: Attention weights summed over the steps, (rows, source).
        is_source: True at the source positions that count, (rows, source).
        coverage_penalty: The weight.
    """
    if coverage_penalty == 0.0:
        return coverage.new_zeros(len(coverage))
    logs = coverage.clamp(_LEAST_COVERAGE, 1.0).log()
    return coverage_penalty * logs.masked_fill(~is_source, 0.0).sum(1)


def highest_reachable(total: float, *, longest: int, config: SearchConfig) -> float:
    """Return a bound on the score that an unfinished target can reach.

    Args:
        total: Its weighted log-probability so far, at most 0.
        longest: Largest length that it can have, the end token included.
        config: The settings of the search.
    """
    return total / length_divisor(longest, length_penalty=config.length_penalty)

"""Conversion of nats, the unit of all log-probabilities in the library, to bits and perplexity."""

import math

LN_2 = math.log(2.0)


def nats_to_bits(nats: float) -> float:
    """Convert nats to bits.

    Example:
        >>> nats_to_bits(math.log(8.0))
        3.0
    """
    return nats / LN_2


def perplexity(nll_sum: float, num_targets: int) -> float:
    """Return the perplexity: the exponential of the mean negative log-likelihood.

    Args:
        nll_sum: Negative log-likelihood summed over all targets, nats.
        num_targets: Number of targets in the sum, at least 1.

    Returns:
        Perplexity, at least 1 for proper probabilities; infinity if the exponential overflows.

    Source: [lecture-004].

    Example:
        >>> round(perplexity(10 * math.log(6.0), 10), 9)
        6.0
    """
    try:
        return math.exp(nll_sum / num_targets)
    except OverflowError:
        return math.inf

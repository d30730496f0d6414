"""Units of surprise: nats, bits and perplexity.

Inside the library every log-probability is in nats; these functions convert at the edges.
"""

import math

LN_2 = math.log(2.0)


def nats_to_bits(nats: float) -> float:
    """Convert an amount of information from nats to bits.

    Example:
        >>> nats_to_bits(math.log(8.0))
        3.0
    """
    return nats / LN_2


def perplexity(nll_sum: float, num_targets: int) -> float:
    """Exponential of the mean negative log-likelihood: the number of sides of an equally fair die.

    Args:
        nll_sum: Negative log-likelihood summed over all targets, nats.
        num_targets: How many targets were summed, at least 1.

    Returns:
        Perplexity, at least 1 for proper probabilities; infinity where the exponential overflows.

    Source: lecture 004, "Evaluating language models".

    Example:
        >>> round(perplexity(10 * math.log(6.0), 10), 9)
        6.0
    """
    try:
        return math.exp(nll_sum / num_targets)
    except OverflowError:
        return math.inf

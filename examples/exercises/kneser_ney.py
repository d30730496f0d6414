"""Exercise 5: interpolated Kneser-Ney smoothing of bigrams.

p(w | v) = max(c(v w) - D, 0) / c(v)  +  (D N(v) / c(v)) p_continuation(w)

c(v w)             how often w follows v;  c(v) is the sum over w
N(v)               how many different words follow v
p_continuation(w)  how many different words w follows, divided by the number of different bigrams
D = n1 / (n1 + 2 n2), where n1 and n2 are the numbers of bigrams that occur once and twice
"""

from collections.abc import Sequence


def discount(tokens: Sequence[str]) -> float:
    """Return D for the bigrams of a text.

    Args:
        tokens: The text.
    """
    raise NotImplementedError("count the bigrams, then count the counts")


def bigram_probability(tokens: Sequence[str], before: str, word: str) -> float:
    """Return p(word | before).

    Args:
        tokens: The text, in which `before` is followed by some word.
        before: v.
        word: w.

    Hint: the sum over all words that ever stand second in a bigram is 1. Check that.
    """
    raise NotImplementedError("the discounted share, and the weight of the continuation")

"""The vocabulary cut by frequency: a head of frequent words, then clusters of rarer ones.

Ids stand in the order of falling frequency, as vocabularies of words and characters have them
(special tokens first); in byte-pair vocabularies merges come roughly in that order.
"""

from collections.abc import Sequence
from itertools import pairwise

from nextword.base import require

#: A cluster's vectors are this much narrower than those of the one before, where nothing else is
#: asked for, but not narrower than the minimum, below which a product costs no less.
NARROWING = 4
_MIN_WIDTH = 16
#: Default clusters grow by this factor.
_GROWTH = 4
#: The head has so many words, but at most a tenth of a vocabulary and at least a 64th.
_HEAD_SIZE = 2000
_MAX_HEAD_SHARE = 10
_MIN_HEAD_SHARE = 64


def default_cutoffs(vocab_size: int) -> tuple[int, ...]:
    """Give cut-offs that suit a vocabulary: the first a small head, then fourfold.

    The head is scored at every position, the last cluster at one position in ten or so: sizes that
    grow as words grow rare make all of them cost about the same.

    Source: the balance of Grave et al. (2017), section 4.3, for word counts by Zipf's law.

    Example:
        >>> default_cutoffs(10_000), default_cutoffs(33_000), default_cutoffs(267_735)
        ((1000, 4000), (2000, 8000), (4183, 16732, 66928))
    """
    first = max(min(_HEAD_SIZE, vocab_size // _MAX_HEAD_SHARE), vocab_size // _MIN_HEAD_SHARE, 1)
    cutoffs = [first]
    while 2 * _GROWTH * cutoffs[-1] < vocab_size:
        cutoffs.append(_GROWTH * cutoffs[-1])
    return tuple(cutoffs)


def check_cutoffs(cutoffs: Sequence[int]) -> None:
    """Refuse cut-offs that are none, not positive or out of order.

    Raises:
        ConfigError: They are.
    """
    shown = ", ".join(f"{cutoff}" for cutoff in cutoffs)
    require(
        len(cutoffs) > 0 and cutoffs[0] >= 1,
        f"output.cutoffs is [{shown}]; it must be one or more ids from 1 on.",
        help="Leave output.cutoffs out to have them chosen by the size of the vocabulary.",
    )
    in_order = ", ".join(f"{cutoff}" for cutoff in sorted(set(cutoffs)))
    require(
        all(low < high for low, high in pairwise(cutoffs)),
        f"output.cutoffs is [{shown}], out of order; each must be above the one before.",
        help=f"Write output.cutoffs=[{in_order}].",
    )


def cluster_bounds(cutoffs: Sequence[int], *, vocab_size: int) -> list[tuple[int, int]]:
    """Give the ids of each cluster, first included and last excluded; the head first.

    Raises:
        ConfigError: The cut-offs are out of order or leave a cluster without words.

    Example:
        >>> cluster_bounds((3, 5), vocab_size=9)
        [(0, 3), (3, 5), (5, 9)]
    """
    check_cutoffs(cutoffs)
    require(
        cutoffs[-1] < vocab_size,
        f"output.cutoffs ends with {cutoffs[-1]:,}, but the vocabulary has {vocab_size:,} words; "
        "nothing is left for the last cluster.",
        help="Lower it, or leave output.cutoffs out to have them chosen.",
    )
    return list(pairwise((0, *cutoffs, vocab_size)))


def cluster_widths(width: int, *, num_clusters: int, narrowing: int = NARROWING) -> list[int]:
    """Give the width of each cluster's vectors, the head first.

    Example:
        >>> cluster_widths(650, num_clusters=4)
        [650, 162, 40, 16]
        >>> cluster_widths(650, num_clusters=4, narrowing=1)
        [650, 650, 650, 650]
    """
    widths = [width]
    while len(widths) < num_clusters:
        widths.append(min(width, max(_MIN_WIDTH, widths[-1] // narrowing)))
    return widths

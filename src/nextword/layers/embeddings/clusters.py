"""Clusters of the vocabulary by frequency: a first one of frequent words, then rarer ones.

Ids must be in the order of falling frequency. Vocabularies of words and characters are (special
tokens first), and merges of byte-pair vocabularies are roughly.
"""

from collections.abc import Sequence
from itertools import pairwise

from nextword.base import require

#: Default factor by which a cluster's vectors are narrower than those of the one before; but they
#: are not narrower than the minimum, below which a product does not get faster.
NARROWING = 4
_MIN_WIDTH = 16
#: Default ratio of successive cut-offs.
_GROWTH = 4
#: Default size of the first cluster, but at most 1/10 of the vocabulary and at least 1/64.
_HEAD_SIZE = 2000
_MAX_HEAD_SHARE = 10
_MIN_HEAD_SHARE = 64


def default_cutoffs(vocab_size: int) -> tuple[int, ...]:
    """Return default cut-offs for a vocabulary: a small first cluster, then each four times larger.

    The first cluster is scored at every position, the last one at about one position in ten. With
    sizes that grow as words become rarer, all clusters cost about the same time.

    Args:
        vocab_size: Number of words.

    Returns:
        The first id of each cluster but the first.

    Source: the balance of [grave2017adaptive], section 4.3, for word counts by Zipf's law.

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
    """Refuse cut-offs that are empty, not positive or not increasing.

    Raises:
        ConfigError: The cut-offs are one of these.
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
    """Return the first id of each cluster and the id after its last one.

    Raises:
        ConfigError: The cut-offs are not increasing, or a cluster has no words.

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
    """Return the width of each cluster's vectors.

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

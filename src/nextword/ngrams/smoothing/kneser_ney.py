"""Interpolated modified Kneser-Ney smoothing with count pruning, as computed by lmplz."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

from nextword.base import require
from nextword.ngrams.counting import NgramCounts
from nextword.ngrams.smoothing.adjusted_counts import adjusted_counts, discount_counts
from nextword.ngrams.smoothing.discounts import FALLBACK, Discounts, kneser_ney_discounts
from nextword.ngrams.tables import NgramTables, logarithms

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, eq=False)
class KneserNey:
    """A smoothed model and its discounts.

    Attributes:
        tables: Probabilities and back-off weights.
        discounts: Discounts of each order, order 1 first.
    """

    tables: NgramTables
    discounts: tuple[Discounts, ...]


def kneser_ney(
    counts: NgramCounts, *, never_ids: Sequence[int], prune: Sequence[int] = ()
) -> KneserNey:
    """Estimate p(w|h) = (c(hw) - D(c(hw))) / sum_w c(hw) + γ(h) p(w|h').

    c are the adjusted counts, D the discounts, and h' is h without its first word. γ(h) is the
    back-off weight of h: the sum of its discounts divided by sum_w c(hw). Order 1 is interpolated
    with the uniform distribution over all ids but `never_ids`. If the discounts of an order cannot
    be estimated, those of `FALLBACK` are used and a warning is logged.

    Args:
        counts: Counts of every order.
        never_ids: Ids that are never predicted.
        prune: For each order the count up to which n-grams are dropped, order 1 first (0 there);
            the last value holds for all higher orders. The probability mass of dropped n-grams
            goes to the back-off.

    Returns:
        The back-off tables and the discounts.

    Raises:
        ConfigError: The values of `prune` decrease, or the first is not 0.

    Source: [chen1998], [heafield2013].
    """
    thresholds = pruning_thresholds(prune, order=counts.order)
    adjusted = adjusted_counts(counts)
    discounts = tuple(map(kneser_ney_discounts, discount_counts(counts, adjusted)))
    _announce_fallback(discounts)
    probabilities = [_unigrams(adjusted[0], discounts[0], never_ids)]
    backoffs: list[Float64[np.ndarray, " _"]] = []
    kept = [np.ones(counts.vocab_size, dtype=bool)]
    for order in range(2, counts.order + 1):
        kept.append(counts.of(order).counts > thresholds[order - 1])
        higher, gammas = _interpolate(
            counts,
            order,
            adjusted=adjusted[order - 1],
            discounts=discounts[order - 1],
            kept=kept[-1],
            lower=probabilities[-1],
        )
        probabilities.append(higher)
        backoffs.append(gammas)
    tables = NgramTables(
        vocab_size=counts.vocab_size,
        keys=tuple(np.array(part.keys) for part in counts.orders[1:]),
        log_probs=tuple(logarithms(part) for part in probabilities),
        backoffs=tuple(logarithms(part) for part in backoffs),
    )
    return KneserNey(tables=tables.without_pruned(kept), discounts=discounts)


def pruning_thresholds(prune: Sequence[int], *, order: int) -> tuple[int, ...]:
    """Return for each order the count up to which n-grams are dropped.

    Args:
        prune: Thresholds, order 1 first; the last one holds for all higher orders.
        order: The highest order.

    Returns:
        One threshold per order.

    Raises:
        ConfigError: There are too many values, they decrease, or the first is not 0.

    Example:
        >>> pruning_thresholds((0, 0, 1), order=5)
        (0, 0, 1, 1, 1)
    """
    shown = ", ".join(map(str, prune))
    require(
        len(prune) <= order,
        f"model.prune has {len(prune)} values ({shown}), but the order is {order}.",
        help=f"Set at most {order} values, one for each order.",
    )
    require(
        not prune or prune[0] == 0,
        f"model.prune is ({shown}); words cannot be pruned, so the first value must be 0.",
        help="Set tokenizer.min_count to drop rare words.",
    )
    require(
        list(prune) == sorted(prune),
        f"model.prune is ({shown}); the values must not decrease from one order to the next.",
        help="An n-gram is stored with its shorter parts: write for example [0, 0, 1].",
    )
    values = list(prune) or [0]
    return tuple(values + values[-1:] * (order - len(values)))


def _unigrams(
    adjusted: Int64[np.ndarray, " vocab"], discounts: Discounts, never_ids: Sequence[int]
) -> Float64[np.ndarray, " vocab"]:
    total = adjusted.sum()
    taken = discounts.of(adjusted)
    num_types = len(adjusted) - len(never_ids)
    probabilities: Float64[np.ndarray, " vocab"]
    probabilities = (adjusted - taken + taken.sum() / num_types) / total
    probabilities[list(never_ids)] = 0.0
    return probabilities


def _interpolate(
    counts: NgramCounts,
    order: int,
    *,
    adjusted: Int64[np.ndarray, " num_ngrams"],
    discounts: Discounts,
    kept: Bool[np.ndarray, " num_ngrams"],
    lower: Float64[np.ndarray, " num_lower"],
) -> tuple[Float64[np.ndarray, " num_ngrams"], Float64[np.ndarray, " num_lower"]]:
    """Return the probabilities of an order, and the back-off weights of the order below."""
    contexts = counts.contexts(order)
    taken = np.where(kept, discounts.of(adjusted), adjusted)
    sums = np.bincount(contexts, weights=adjusted, minlength=len(lower))
    leftover = np.bincount(contexts, weights=taken, minlength=len(lower))
    # A context without a next word leaves all probability mass to the shorter context.
    gammas = np.divide(leftover, sums, out=np.ones(len(lower)), where=sums > 0)
    probabilities = (adjusted - taken) / sums[contexts]
    probabilities += gammas[contexts] * lower[counts.of(order).suffixes]
    return probabilities, gammas


def _announce_fallback(discounts: Sequence[Discounts]) -> None:
    orders = [str(order) for order, part in enumerate(discounts, 1) if part.used_fallback]
    if orders:
        _logger.warning(
            "Too few different counts to estimate the discounts of order %s; using %s.",
            ", ".join(orders),
            "/".join(f"{amount:g}" for amount in FALLBACK),
        )

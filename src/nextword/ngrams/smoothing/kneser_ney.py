"""Interpolated modified Kneser-Ney smoothing with count pruning, as computed by lmplz."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Integer

from nextword.base import ProgressCallback, require
from nextword.ngrams.counting import NgramCounts
from nextword.ngrams.smoothing.adjusted_counts import (
    adjusted_counts,
    discount_counts,
    last_ngrams,
)
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
    counts: NgramCounts,
    *,
    never_ids: Sequence[int],
    prune: Sequence[int] = (),
    on_progress: ProgressCallback | None = None,
) -> KneserNey:
    """Estimate p(w|h) = (c(hw) - D(c(hw))) / sum_w c(hw) + γ(h) p(w|h').

    c are the adjusted counts, D the discounts, and h' is h without its first word. γ(h) is the
    back-off weight of h: the sum of its discounts divided by sum_w c(hw). Order 1 is interpolated
    with the uniform distribution over all ids but `never_ids`. If the discounts of an order cannot
    be estimated, those of `FALLBACK` are used and a warning is logged. If the counts are in files,
    so are the tables, and a bounded part of every array is in memory.

    Args:
        counts: Counts of every order.
        never_ids: Ids that are never predicted.
        prune: For each order the count up to which n-grams are dropped, order 1 first (0 there);
            the last value holds for all higher orders. The probability mass of dropped n-grams
            goes to the back-off.
        on_progress: Called with (stage, done, total) after each part of an order.

    Returns:
        The back-off tables and the discounts.

    Raises:
        ConfigError: The values of `prune` decrease, or the first is not 0.

    Source: [chen1998], [heafield2013].
    """
    thresholds = pruning_thresholds(prune, order=counts.order)
    discounts: list[Discounts] = []
    log_probs: list[Float32[np.ndarray, " _"]] = []
    backoffs: list[Float32[np.ndarray, " _"]] = []
    lower = np.zeros(0)
    for order, last in enumerate(last_ngrams(counts), start=1):
        adjusted = adjusted_counts(counts, order)
        numbers = discount_counts(counts, order, adjusted=adjusted, last=last)
        discounts.append(kneser_ney_discounts(numbers))
        if order == 1:
            lower = _unigrams(adjusted, discounts[0], never_ids)
            log_probs.append(logarithms(lower))
            continue
        level = _Level(counts, order, adjusted=adjusted, threshold=thresholds[order - 1])
        lower = level.interpolate(discounts[-1], lower=lower, on_progress=on_progress)
        log_probs.append(level.log_probs)
        backoffs.append(level.backoffs)
    _announce_fallback(discounts)
    tables = NgramTables(
        vocab_size=counts.vocab_size,
        keys=tuple(part.keys for part in counts.orders[1:]),
        log_probs=tuple(log_probs),
        backoffs=tuple(backoffs),
    )
    if any(thresholds):
        tables = tables.without_pruned(_kept(counts, thresholds), workspace=counts.workspace)
    return KneserNey(tables=tables, discounts=tuple(discounts))


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
    adjusted: Integer[np.ndarray, " vocab"], discounts: Discounts, never_ids: Sequence[int]
) -> Float64[np.ndarray, " vocab"]:
    total = adjusted.sum()
    taken = discounts.of(adjusted)
    num_types = len(adjusted) - len(never_ids)
    probabilities: Float64[np.ndarray, " vocab"]
    probabilities = (adjusted - taken + taken.sum() / num_types) / total
    probabilities[list(never_ids)] = 0.0
    return probabilities


class _Level:
    """The n-grams of an order, 2 or more, and the back-off weights of the order below.

    Attributes:
        log_probs: Log-probability of each n-gram, nats; written by `interpolate`.
        backoffs: Logarithm of the back-off weight of each n-gram one order below; likewise.
    """

    def __init__(
        self,
        counts: NgramCounts,
        order: int,
        *,
        adjusted: Integer[np.ndarray, " num_ngrams"],
        threshold: int,
    ) -> None:
        self._stage = f"smoothing the n-grams of order {order} of {counts.order}, n-grams"
        self._ngrams = counts.of(order)
        self._vocab_size = counts.vocab_size
        self._space = counts.workspace
        self._adjusted = adjusted
        self._threshold = threshold
        self._num_contexts = counts.of(order - 1).num_ngrams
        self.log_probs = self._space.zeros(len(adjusted), np.float32)
        self.backoffs = self._space.zeros(self._num_contexts, np.float32)

    def interpolate(
        self,
        discounts: Discounts,
        *,
        lower: Float64[np.ndarray, " num_lower"],
        on_progress: ProgressCallback | None,
    ) -> Float64[np.ndarray, " num_ngrams"]:
        """Compute the probabilities and weights.

        Args:
            discounts: The discounts of the order.
            lower: Probabilities one order below.
            on_progress: Called with (stage, done, total) after each block.

        Returns:
            Probabilities, (num_ngrams).
        """
        probabilities = self._space.gather(lower, self._ngrams.suffixes)
        for block, contexts in self._blocks():
            adjusted = self._adjusted[block]
            kept = self._ngrams.counts[block] > self._threshold
            taken = np.where(kept, discounts.of(adjusted), adjusted)
            own = self._ngrams.keys[block] // self._vocab_size - contexts.start
            num_contexts = contexts.stop - contexts.start
            sums = np.bincount(own, weights=adjusted, minlength=num_contexts)
            leftover = np.bincount(own, weights=taken, minlength=num_contexts)
            # A context without a next word leaves all probability mass to the shorter context.
            gammas = np.divide(leftover, sums, out=np.ones(num_contexts), where=sums > 0)
            probabilities[block] = (adjusted - taken) / sums[own] + (
                gammas[own] * probabilities[block]
            )
            self.log_probs[block] = logarithms(probabilities[block])
            self.backoffs[contexts] = logarithms(gammas)
            self._space.release()
            if on_progress is not None:
                on_progress(self._stage, block.stop, total=len(probabilities))
        return probabilities

    def _blocks(self) -> Iterator[tuple[slice, slice]]:
        """Iterate over blocks of n-grams, and of their contexts; no context is divided."""
        keys = self._ngrams.keys
        begin = context = 0
        while context < self._num_contexts:
            end = min(begin + self._space.block, len(keys))
            next_context = self._num_contexts
            if end < len(keys):
                next_context = int(keys[end - 1]) // self._vocab_size + 1
                rest = keys[end : end + self._vocab_size]
                end += int(np.searchsorted(rest, next_context * self._vocab_size))
            if end == len(keys):
                next_context = self._num_contexts
            yield slice(begin, end), slice(context, next_context)
            begin, context = end, next_context


def _kept(counts: NgramCounts, thresholds: Sequence[int]) -> list[Bool[np.ndarray, " _"]]:
    """Return which n-grams are not pruned, as a mask for each order."""
    space = counts.workspace
    masks = [np.ones(counts.vocab_size, dtype=bool)]
    for part, threshold in zip(counts.orders[1:], thresholds[1:], strict=True):
        mask = space.zeros(part.num_ngrams, np.bool_)
        for block in space.blocks(part.num_ngrams):
            mask[block] = part.counts[block] > threshold
        masks.append(mask)
    return masks


def _announce_fallback(discounts: Sequence[Discounts]) -> None:
    orders = [str(order) for order, part in enumerate(discounts, 1) if part.used_fallback]
    if orders:
        _logger.warning(
            "Too few different counts to estimate the discounts of order %s; using %s.",
            ", ".join(orders),
            "/".join(f"{amount:g}" for amount in FALLBACK),
        )

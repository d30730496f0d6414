"""Log-probabilities of next words under back-off tables, for many positions at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from nextword.ngrams.tables import NOT_FOUND, NgramTables

#: The id at positions before the first token of a row.
NOTHING = -1


@dataclass(frozen=True, kw_only=True, eq=False)
class Matches:
    """The stored n-grams that end at each position of a text.

    Attributes:
        ranks: For each order from 1, the rank of the n-gram that ends at each position, or
            `NOT_FOUND`; (num_places) each.
    """

    ranks: tuple[Int64[np.ndarray, " num_places"], ...]

    def at(self, places: Int64[np.ndarray, " num_selected"]) -> "Matches":
        """Return the matches at the given positions."""
        return Matches(ranks=tuple(ranks[places] for ranks in self.ranks))


def match_contexts(
    tables: NgramTables, words: Int64[np.ndarray, " num_words"], *, start_id: int
) -> Matches:
    """Find the n-grams below the highest order that end at each word of a sequence.

    Args:
        tables: The n-grams.
        words: Ids or `NOTHING`, (num_words). N-grams cross neither `NOTHING` nor `<s>`.
        start_id: The id of `<s>`.

    Returns:
        The match of each order at each word.
    """
    ranks = [words] if tables.order > 1 else []
    continues = (words != start_id) & (words != NOTHING)
    for order in range(2, tables.order):
        ranks.append(np.full_like(words, NOT_FOUND))
        contexts = np.where(continues[1:], ranks[order - 2][:-1], NOT_FOUND)
        ranks[-1][1:] = tables.find(order, contexts, words=words[1:])
    return Matches(ranks=tuple(ranks))


def score_rows(
    tables: NgramTables,
    words: Int64[np.ndarray, "rows width"],
    *,
    target_ids: Int64[np.ndarray, "rows time"],
    counted: Bool[np.ndarray, "rows time"],
    start_id: int,
) -> Float32[np.ndarray, " num_counted"]:
    """Return the log-probability of the target after each of the last words of each row.

    The compiled kernels are used if they are installed; the results are equal.

    Args:
        tables: The n-grams.
        words: Ids or `NOTHING`, (rows, width): words before, then those that targets follow.
        target_ids: The target after each of the last words, (rows, time).
        counted: True where a target is scored, (rows, time).
        start_id: The id of `<s>`, which n-grams do not cross.

    Returns:
        Log-probabilities of the counted targets in nats, (num_counted).
    """
    index = tables.index_for(target_ids.size)
    if index is None:
        contexts, following = match_rows(tables, words, counted=counted, start_id=start_id)
        scored, _ = score_words(tables, contexts, targets=target_ids[counted], following=following)
        tables.release()
        return scored
    log_probs = np.empty(target_ids.shape, dtype=np.float32)
    index.score(
        np.ascontiguousarray(words),
        np.ascontiguousarray(target_ids),
        start_id=start_id,
        log_probs=log_probs,
    )
    tables.release()
    counted_log_probs: Float32[np.ndarray, " num_counted"] = log_probs[counted]
    return counted_log_probs


def match_rows(
    tables: NgramTables,
    words: Int64[np.ndarray, "rows width"],
    *,
    counted: Bool[np.ndarray, "rows time"],
    start_id: int,
) -> tuple[Matches, Matches]:
    """Return the n-grams that end at the last words of each row, and one position later.

    Args:
        tables: The n-grams.
        words: Ids or `NOTHING`, (rows, width).
        counted: Which of the last words of each row are wanted, (rows, time).
        start_id: The id of `<s>`.
    """
    # NOTHING after each row keeps n-grams from crossing into the next row.
    width = words.shape[1] + 1
    padded = np.full((len(words), width), NOTHING, dtype=np.int64)
    padded[:, :-1] = words
    matches = match_contexts(tables, padded.ravel(), start_id=start_id)
    rows, steps = np.nonzero(counted)
    places = rows * width + words.shape[1] - counted.shape[1] + steps
    return matches.at(places), matches.at(places + 1)


def score_words(
    tables: NgramTables,
    contexts: Matches,
    *,
    targets: Int64[np.ndarray, " num_places"],
    following: Matches | None = None,
) -> tuple[Float32[np.ndarray, " num_places"], Int64[np.ndarray, " num_places"]]:
    """Return the log-probability of one target word after each context.

    Args:
        tables: The n-grams.
        contexts: The matches at the words before the targets.
        targets: Ids of the targets, (num_places).
        following: The matches one word after each context. If that word is the target, they save a
            second lookup.

    Returns:
        Log-probabilities in nats, (num_places); and the order of the stored n-gram that each
        target was found in, (num_places).
    """
    weights = _backoff_sums(tables, contexts)
    scores = tables.log_probs[0][targets].astype(np.float64)
    if weights:
        scores += weights[0]
    orders = np.ones(len(targets), dtype=np.int64)
    for order in range(2, tables.order + 1):
        ranks = _target_ranks(tables, order, contexts, targets, following)
        found = np.flatnonzero(ranks != NOT_FOUND)
        scores[found] = tables.gather(tables.log_probs[order - 1], ranks[found])
        if order < tables.order:
            scores[found] += weights[order - 1][found]
        orders[found] = order
    return scores.astype(np.float32), orders


def _target_ranks(
    tables: NgramTables,
    order: int,
    contexts: Matches,
    targets: Int64[np.ndarray, " num_places"],
    following: Matches | None,
) -> Int64[np.ndarray, " num_places"]:
    """Return for each target the rank of the n-gram of an order that it completes."""
    if following is None or order == tables.order:
        return tables.find(order, contexts.ranks[order - 2], words=targets)
    ranks = following.ranks[order - 1].copy()
    other = np.flatnonzero(following.ranks[0] != targets)
    ranks[other] = tables.find(order, contexts.ranks[order - 2][other], words=targets[other])
    return ranks


def next_word_log_probs(
    tables: NgramTables, contexts: Matches, *, num_places: int, never_ids: Sequence[int]
) -> Float32[np.ndarray, "num_places vocab"]:
    """Return the log-probabilities of all next words after each context.

    Args:
        tables: The n-grams.
        contexts: The matches at the words before.
        num_places: Number of contexts.
        never_ids: Ids that are never predicted; their log-probability is -inf.

    Returns:
        Log-probabilities in nats, (num_places, vocab).
    """
    weights = _backoff_sums(tables, contexts)
    log_probs = np.empty((num_places, tables.vocab_size), dtype=np.float32)
    log_probs[:] = tables.log_probs[0]
    if weights:
        # Summed in float64 as in `score_words`, so that the results are bit-equal.
        np.add(log_probs, weights[0][:, None], out=log_probs, dtype=np.float64, casting="same_kind")
    for order in range(2, tables.order + 1):
        places, ranks = _successors(tables, order, contexts.ranks[order - 2])
        scores = tables.log_probs[order - 1][ranks].astype(np.float64)
        if order < tables.order:
            scores += weights[order - 1][places]
        log_probs[places, tables.keys[order - 2][ranks] % tables.vocab_size] = scores
    log_probs[:, list(never_ids)] = -np.inf
    return log_probs


def _backoff_sums(
    tables: NgramTables, contexts: Matches
) -> list[Float64[np.ndarray, " num_places"]]:
    """Return for each order below the highest the log-weight of backing off down to it."""
    sums: list[Float64[np.ndarray, " num_places"]] = []
    for ranks, backoffs in zip(reversed(contexts.ranks), reversed(tables.backoffs), strict=True):
        known = ranks != NOT_FOUND
        weights = np.zeros(len(ranks), dtype=np.float64)
        weights[known] = tables.gather(backoffs, ranks[known])
        sums.append(sums[-1] + weights if sums else weights)
    return sums[::-1]


def _successors(
    tables: NgramTables, order: int, contexts: Int64[np.ndarray, " num_places"]
) -> tuple[Int64[np.ndarray, " num_found"], Int64[np.ndarray, " num_found"]]:
    """Return all n-grams of an order with the given contexts: index of the context, and rank."""
    keys = tables.keys[order - 2]
    known = np.flatnonzero(contexts != NOT_FOUND)
    begins = np.searchsorted(keys, contexts[known] * tables.vocab_size)
    ends = np.searchsorted(keys, (contexts[known] + 1) * tables.vocab_size)
    counts = ends - begins
    offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(known, counts), np.repeat(begins, counts) + offsets

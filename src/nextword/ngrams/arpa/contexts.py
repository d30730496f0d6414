"""Inserting the contexts and suffixes that an ARPA file leaves out.

SRILM may prune an n-gram and keep the longer ones that begin with it: `a b c` is listed, `a b` is
not. The tables look up `a b c` through `a b`. So `a b` is inserted with the probability that
backing off yields and with the back-off weight 1, which changes no score.

KenLM inserts missing suffixes in the same way: `b c` for `a b c`. This changes the length of the
n-gram that it reports for a word, and no score.
"""

import numpy as np
from jaxtyping import Float32, Int64

from nextword.ngrams.tables import NOT_FOUND, NgramTables


def with_contexts(
    tables: NgramTables, ngrams: Int64[np.ndarray, "num_ngrams order"]
) -> NgramTables:
    """Insert n-grams that are missing from the tables, and their missing contexts.

    Args:
        tables: The n-grams so far, with back-off weights for every order including the highest.
        ngrams: Ids of n-grams of an order that the tables have, (num_ngrams, order).

    Returns:
        Tables that contain all of them; the same object if nothing is missing.
    """
    order = ngrams.shape[1]
    missing = ngrams[ranks_of(tables, ngrams) == NOT_FOUND]
    if order == 1 or not len(missing):
        return tables
    missing = np.unique(missing, axis=0)
    tables = with_contexts(tables, missing[:, :-1])
    log_probs = _backed_off(tables, missing)
    keys = ranks_of(tables, missing[:, :-1]) * tables.vocab_size + missing[:, -1]
    sorting = np.argsort(keys)
    return _inserted(tables, order, keys[sorting], log_probs[sorting])


def with_suffixes(tables: NgramTables) -> NgramTables:
    """Insert the suffixes of all n-grams that are missing, as KenLM does.

    Args:
        tables: The n-grams.

    Returns:
        Tables that contain every n-gram without its first word; the same object if nothing is
        missing.
    """
    for order in range(tables.order, 2, -1):
        ranks = np.arange(tables.num_ngrams[order - 1])
        tables = with_contexts(tables, tables.words_of(order, ranks)[:, 1:])
    return tables


def ranks_of(
    tables: NgramTables, ngrams: Int64[np.ndarray, "num_ngrams order"]
) -> Int64[np.ndarray, " num_ngrams"]:
    """Return the rank of each n-gram, (num_ngrams); `NOT_FOUND` if it is missing."""
    ranks = ngrams[:, 0]
    for order in range(2, ngrams.shape[1] + 1):
        ranks = tables.find(order, ranks, words=ngrams[:, order - 1])
    return ranks


def _backed_off(
    tables: NgramTables, ngrams: Int64[np.ndarray, "num_ngrams order"]
) -> Float32[np.ndarray, " num_ngrams"]:
    """Return the log-probability of each last word after the others, nats, by backing off."""
    log_probs = np.zeros(len(ngrams), dtype=np.float64)
    is_open = np.ones(len(ngrams), dtype=bool)
    for first in range(ngrams.shape[1]):
        part = ngrams[:, first:]
        ranks = ranks_of(tables, part)
        found = is_open & (ranks != NOT_FOUND)
        log_probs[found] += tables.log_probs[part.shape[1] - 1][ranks[found]]
        is_open &= ~found
        if part.shape[1] > 1:
            contexts = ranks_of(tables, part[:, :-1])
            weighted = is_open & (contexts != NOT_FOUND)
            log_probs[weighted] += tables.backoffs[part.shape[1] - 2][contexts[weighted]]
    return log_probs.astype(np.float32)


def _inserted(
    tables: NgramTables,
    order: int,
    keys: Int64[np.ndarray, " num_new"],
    log_probs: Float32[np.ndarray, " num_new"],
) -> NgramTables:
    """Insert n-grams of one order, and update the keys of the next order to the shifted ranks."""
    old_keys = tables.keys[order - 2]
    places = np.searchsorted(old_keys, keys)
    all_keys, all_log_probs = list(tables.keys), list(tables.log_probs)
    backoffs = list(tables.backoffs)
    all_keys[order - 2] = np.insert(old_keys, places, keys)
    all_log_probs[order - 1] = np.insert(all_log_probs[order - 1], places, log_probs)
    backoffs[order - 1] = np.insert(backoffs[order - 1], places, np.float32(0.0))
    if order < tables.order:
        contexts, words = np.divmod(tables.keys[order - 1], tables.vocab_size)
        moved = contexts + np.searchsorted(places, contexts, side="right")
        all_keys[order - 1] = moved * tables.vocab_size + words
    return NgramTables(
        vocab_size=tables.vocab_size,
        keys=tuple(all_keys),
        log_probs=tuple(all_log_probs),
        backoffs=tuple(backoffs),
    )

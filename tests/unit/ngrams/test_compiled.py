"""The compiled look-ups against those in NumPy, on random models."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import random_text, store_of, tokenizer_of
from nextword.ngrams import (
    NOTHING,
    NgramTables,
    count_ngrams,
    kneser_ney,
    match_rows,
    maximum_likelihood,
    ngram_kernels,
    score_rows,
    score_words,
    sentences_of,
)

pytestmark = pytest.mark.skipif(ngram_kernels() is None, reason="the kernels are not installed")

START = 2
TEXT = random_text(60, seed=5, num_words=6)
TOKENIZER = tokenizer_of(TEXT)
VOCAB_SIZE = TOKENIZER.vocab_size


def estimated(order: int) -> NgramTables:
    """Tables of an order; those of order 3 have probabilities of 0."""
    counts = count_ngrams(sentences_of(store_of(TOKENIZER, TEXT), TOKENIZER), order=order)
    if order == 3:
        return maximum_likelihood(counts)
    return kneser_ney(counts, never_ids=TOKENIZER.never_ids).tables


TABLES = {order: estimated(order) for order in range(1, 8)}
words = st.lists(st.integers(-1, VOCAB_SIZE - 1), min_size=1, max_size=12)
ids = st.integers(0, VOCAB_SIZE - 1)


def in_numpy(
    tables: NgramTables, text: np.ndarray, targets: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Scores and orders by the reference."""
    counted = np.ones(targets.shape, dtype=bool)
    contexts, following = match_rows(tables, text, counted=counted, start_id=START)
    return score_words(tables, contexts, targets=targets[counted], following=following)


@given(st.lists(words, min_size=1, max_size=3), st.sampled_from(list(TABLES)), st.data())
def test_index_scores_equal_the_reference_to_the_bit(
    rows: list[list[int]], order: int, data: st.DataObject
) -> None:
    tables, width = TABLES[order], max(map(len, rows))
    text = np.array([row + [NOTHING] * (width - len(row)) for row in rows])
    num_targets = data.draw(st.integers(1, width))
    # Mostly the word that follows, as in a text.
    targets = np.roll(text, -1, axis=1)[:, width - num_targets :]
    other = data.draw(st.lists(ids, min_size=targets.size, max_size=targets.size))
    targets = np.where(targets < 0, np.array(other).reshape(targets.shape), targets)
    targets[:, -1] = other[0]
    log_probs = np.empty(targets.shape, dtype=np.float32)
    orders = np.empty(targets.shape, dtype=np.int64)

    tables.index.score(text, targets.copy(), start_id=START, log_probs=log_probs, orders=orders)

    expected, expected_orders = in_numpy(tables, text, targets)
    np.testing.assert_array_equal(log_probs.ravel(), expected)
    np.testing.assert_array_equal(orders.ravel(), expected_orders)


@settings(max_examples=5)
@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 4, 7]))
def test_index_scores_of_a_long_row_equal_the_reference(seed: int, order: int) -> None:
    generator = np.random.default_rng(seed)
    ids = store_of(TOKENIZER, random_text(200, seed=seed % 1000, num_words=6)).ids.astype(np.int64)
    text = np.where(generator.random(len(ids)) < 0.05, START, ids)[None]
    targets = np.roll(text, -1, axis=1)
    counted = np.ones(targets.shape, dtype=bool)

    scores = score_rows(TABLES[order], text, target_ids=targets, counted=counted, start_id=START)

    np.testing.assert_array_equal(scores, in_numpy(TABLES[order], text, targets)[0])


@given(st.sampled_from([2, 5, 7]), ids, st.data())
def test_index_finds_what_the_tables_find(order: int, word: int, data: st.DataObject) -> None:
    tables = TABLES[order]
    context = data.draw(st.integers(-1, tables.num_ngrams[order - 2] - 1))

    found = tables.find(order, np.array([context]), words=np.array([word]))

    assert tables.index.find(order, context, word) == found[0]


def test_score_rows_without_an_index_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = np.array([[START, 4, 5, 6, 4, 5]])
    targets = np.array([[4, 5, 6, 4, 5, 3]])
    counted = np.array([[True, False, True, True, True, True]])
    expected = score_rows(TABLES[4], text, target_ids=targets, counted=counted, start_id=START)
    monkeypatch.setattr(NgramTables, "index_for", lambda self, num_targets: None)

    scores = score_rows(TABLES[4], text, target_ids=targets, counted=counted, start_id=START)

    np.testing.assert_array_equal(scores, expected)
    assert len(scores) == 5

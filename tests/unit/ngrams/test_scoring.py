import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import random_text, store_of, tokenizer_of
from naive_ngrams import as_naive
from nextword.ngrams import (
    NOTHING,
    NgramTables,
    count_ngrams,
    kneser_ney,
    match_contexts,
    maximum_likelihood,
    next_word_log_probs,
    score_words,
    sentences_of,
)

START = 2
TEXT = random_text(40, seed=2, num_words=5)
TOKENIZER = tokenizer_of(TEXT)
NEVER_IDS = TOKENIZER.never_ids


def estimated(order: int, *, smooth: bool = True) -> NgramTables:
    sentences = sentences_of(store_of(TOKENIZER, TEXT), TOKENIZER)
    counts = count_ngrams(sentences, order=order)
    return kneser_ney(counts, never_ids=NEVER_IDS).tables if smooth else maximum_likelihood(counts)


TABLES = {order: estimated(order) for order in (1, 2, 4)}
words = st.lists(st.integers(-1, TOKENIZER.vocab_size - 1), min_size=1, max_size=8)
orders = st.sampled_from(list(TABLES))


def known(text: list[int]) -> tuple[int, ...]:
    """What can be a context at the end of a text: what was read after nothing."""
    last = max((place for place, word in enumerate(text) if word == NOTHING), default=-1)
    return tuple(text[last + 1 :])


@given(words, st.integers(3, TOKENIZER.vocab_size - 1), orders)
def test_score_words_equals_the_definition(text: list[int], target: int, order: int) -> None:
    tables = TABLES[order]
    places = np.arange(len(text))
    contexts = match_contexts(tables, np.array(text), start_id=START)

    scores, _ = score_words(tables, contexts, targets=np.full(len(text), target))

    model = as_naive(tables)
    expected = [model.probability(known(text[: place + 1]), target) for place in places]
    np.testing.assert_allclose(np.exp(scores.astype(float)), expected, rtol=1e-5)


@given(words, orders)
def test_next_word_log_probs_equal_scores_to_the_last_bit(text: list[int], order: int) -> None:
    tables = TABLES[order]
    contexts = match_contexts(tables, np.array(text), start_id=START)

    log_probs = next_word_log_probs(tables, contexts, num_places=len(text), never_ids=NEVER_IDS)

    for target in set(range(tables.vocab_size)) - set(NEVER_IDS):
        scores, _ = score_words(tables, contexts, targets=np.full(len(text), target))
        np.testing.assert_array_equal(log_probs[:, target], scores)


@given(words, st.lists(st.integers(3, 6), min_size=8, max_size=8), orders)
def test_score_words_following_words_change_no_score(
    text: list[int], targets: list[int], order: int
) -> None:
    tables, longer = TABLES[order], np.array([*text, NOTHING])
    matches = match_contexts(tables, longer, start_id=START)
    places = np.arange(len(text))
    target_ids = np.where(longer[1:] > START, longer[1:], targets[: len(text)])

    reused, _ = score_words(
        tables, matches.at(places), targets=target_ids, following=matches.at(places + 1)
    )

    np.testing.assert_array_equal(
        reused, score_words(tables, matches.at(places), targets=target_ids)[0]
    )


def test_score_words_says_the_order_that_was_found() -> None:
    tables = TABLES[4]
    seen = tables.words_of(4, np.array([5]))[0]
    contexts = match_contexts(tables, seen[:-1], start_id=START)

    _, found = score_words(tables, contexts.at(np.array([2])), targets=seen[-1:])

    assert found.tolist() == [4]


def test_score_words_impossible_word_is_minus_infinity() -> None:
    tables = estimated(2, smooth=False)
    contexts = match_contexts(tables, np.array([START]), start_id=START)

    assert score_words(tables, contexts, targets=np.array([TOKENIZER.unknown_id]))[0].tolist() == [
        -np.inf
    ]


def test_next_word_log_probs_never_ids_are_impossible_whatever_the_tables_say() -> None:
    contexts = match_contexts(TABLES[2], np.array([START]), start_id=START)

    log_probs = next_word_log_probs(TABLES[2], contexts, num_places=1, never_ids=(4, 5))

    assert np.flatnonzero(np.isneginf(log_probs[0])).tolist() == [0, 2, 4, 5]


@pytest.mark.parametrize("order", list(TABLES))
def test_match_contexts_no_words_gives_no_matches(order: int) -> None:
    matches = match_contexts(TABLES[order], np.zeros(0, dtype=np.int64), start_id=START)

    assert [len(ranks) for ranks in matches.ranks] == [0] * (order - 1)

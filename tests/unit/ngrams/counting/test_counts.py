import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import store_of, tokenizer_of
from naive_ngrams import counts_as_dictionary, naive_counts, spelled, split_sentences
from nextword.base import ConfigError, DataError
from nextword.ngrams import NgramCounts, Sentences, count_ngrams, sentences_of
from strategies import sentences as texts

TOKENIZER = tokenizer_of("w0 w1 w2 w3\n")


def counted(text: str, *, order: int) -> NgramCounts:
    return count_ngrams(sentences_of(store_of(TOKENIZER, text), TOKENIZER), order=order)


@given(texts(4), st.integers(1, 3))
def test_counts_equal_those_of_a_loop(text: str, order: int) -> None:
    store = store_of(TOKENIZER, text + "w0 w1 w2\n")
    starts = store.unit_starts("line", TOKENIZER.line_end_ids)[:-1].tolist()
    sentences = split_sentences(store.ids.tolist(), starts)

    counts = count_ngrams(sentences_of(store, TOKENIZER), order=order)

    for n in range(1, order + 1):
        assert counts_as_dictionary(counts, n) == naive_counts(sentences, n)


@given(texts(4))
def test_counts_suffix_is_the_ngram_without_its_first_word(text: str) -> None:
    counts = counted(text + "w0 w1\n", order=4)

    for order in range(2, 5):
        below = spelled(counts, order - 1)
        suffixes = [below[rank] for rank in counts.of(order).suffixes]
        assert suffixes == [ngram[1:] for ngram in spelled(counts, order)]


def test_counts_keys_rise_in_every_order() -> None:
    counts = counted("w3 w1 w2\nw1 w1 w0 w3\n", order=3)

    assert all(np.all(np.diff(part.keys) > 0) for part in counts.orders)


def test_counts_no_ngram_reaches_into_the_next_line() -> None:
    counts = counted("w0\nw1\n", order=2)

    ends = TOKENIZER.sentence_end_id
    assert not any(ngram[0] == ends for ngram in counts_as_dictionary(counts, 2))


def test_counts_order_zero_is_refused() -> None:
    with pytest.raises(ConfigError, match=re.escape("model.order is 0; it must be at least 1.")):
        counted("w0\n", order=0)


def test_counts_order_above_the_longest_sentence_is_refused() -> None:
    message = "model.order is 5, but the longest sentence of the text has 4 tokens, including <s>."
    with pytest.raises(ConfigError, match=re.escape(message)) as refusal:
        counted("w0 w1\nw2\n", order=7 - 2)

    assert refusal.value.help == "Set model.order=4 or less, or train on a longer text."


def test_counts_longest_order_that_fits_is_counted() -> None:
    assert counted("w0 w1\nw2\n", order=4).of(4).num_ngrams == 1


def test_counts_empty_lines_count_line_ends() -> None:
    counts = counted("\n\n", order=2)

    assert counts_as_dictionary(counts, 2) == {(2, 3): 2}


def test_counts_no_word_at_all_is_refused() -> None:
    nothing = Sentences(
        ids=np.zeros(0, dtype=np.uint8),
        starts=np.zeros(0, dtype=np.int64),
        start_id=2,
        end_id=3,
        skipped_id=None,
        vocab_size=5,
    )

    with pytest.raises(DataError, match=re.escape("the text has no token to count.")):
        count_ngrams(nothing, order=1)


def test_counts_appearance_orders_words_by_their_first_place() -> None:
    appearance = counted("w2 w0\nw2 w3 w0\n", order=1).appearance

    first, second, third = (appearance[TOKENIZER.id_of(word)] for word in ("w2", "w0", "w3"))
    assert 0 < first < second < third
    assert appearance[[2, 3]].tolist() == [0, 0]
    assert appearance[TOKENIZER.id_of("w1")] == -1

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import store_of, tokenizer_of
from nextword.base import DataError, MismatchError
from nextword.ngrams import sentences_of
from strategies import sentences as texts

START, END = 2, 3


def test_sentences_words_begin_at_each_line() -> None:
    tokenizer = tokenizer_of("a b\nc\n")
    a, b, c = (tokenizer.id_of(word) for word in "abc")

    whole = sentences_of(store_of(tokenizer, "a b\n\nc\n"), tokenizer).whole()

    assert whole.tolist() == [START, a, b, END, START, END, START, c, END]


def test_sentences_characters_begin_at_each_document() -> None:
    tokenizer = tokenizer_of("ab\n", kind="character")
    a, b, newline = (tokenizer.id_of(sign) for sign in "ab\n")

    whole = sentences_of(store_of(tokenizer, "a\nb", "", "b"), tokenizer).whole()

    assert whole.tolist() == [START, a, newline, b, START, b]


def test_sentences_skipping_unknown_closes_the_gap() -> None:
    tokenizer = tokenizer_of("a b\n")
    store = store_of(tokenizer, "a x b\nx\n")
    a, b = tokenizer.id_of("a"), tokenizer.id_of("b")

    whole = sentences_of(store, tokenizer, skip_unknown=True).whole()

    assert whole.tolist() == [START, a, b, END, START, END]


def test_sentences_only_unknown_skipped_is_refused() -> None:
    tokenizer = tokenizer_of("ab", kind="character")
    store = store_of(tokenizer, "xyz")

    message = "none of the 3 tokens can be counted: all are unknown or skipped."
    with pytest.raises(DataError, match=re.escape(message)):
        sentences_of(store, tokenizer, skip_unknown=True)


def test_sentences_of_another_tokenizer_are_refused() -> None:
    store = store_of(tokenizer_of("a b\n"), "a\n")

    with pytest.raises(MismatchError, match="the token store was encoded by another tokenizer"):
        sentences_of(store, tokenizer_of("a c\n"))


@given(texts(4), st.integers(1, 9))
def test_sentences_pieces_join_to_the_whole(text: str, max_tokens: int) -> None:
    tokenizer = tokenizer_of("w0 w1 w2 w3\n")
    sentences = sentences_of(store_of(tokenizer, text), tokenizer)

    pieces = list(sentences.pieces(max_tokens))

    np.testing.assert_array_equal(np.concatenate(pieces), sentences.whole())
    assert all(len(piece) <= 2 * max_tokens for piece in pieces)


@given(texts(3))
def test_sentences_longest_is_that_of_a_loop(text: str) -> None:
    tokenizer = tokenizer_of("w0 w1 w2\n")

    longest = sentences_of(store_of(tokenizer, text), tokenizer).longest

    assert longest == max(2 + len(line.split()) for line in text.splitlines())

"""How many characters do not come back from tokens."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import tokenizer_of
from nextword.tokens import count_lost


@pytest.mark.parametrize(
    ("text", "decoded", "lost"),
    [
        ("", "", 0),
        ("", "ab", 2),
        ("ab", "", 2),
        ("The CAT", "the cat", 4),
        ("café É", "cafe E", 2),
        ("the  cat   sat", "the cat sat", 3),
        ("one\ntwo\n", "one two", 2),
        ("stop, now.", "stop , now .", 2),
        ("a,b,c,d", "abcd", 3),
        ("a \U0001f642 b", "a  b", 1),
        ("x" + " " * 500 + "y", "x y", 499),
        ("The  Café\ndoor", "the cafe door", 5),
    ],
)
def test_count_lost_counts_replaced_dropped_and_added_characters(
    text: str, decoded: str, lost: int
) -> None:
    assert count_lost(text, decoded) == lost


@given(st.text(), st.text())
def test_count_lost_is_zero_for_equal_texts_alone(text: str, decoded: str) -> None:
    assert count_lost(text, text) == 0
    assert (count_lost(text, decoded) > 0) == (text != decoded)


def test_count_lost_of_unlike_texts_takes_linear_time() -> None:
    started = time.perf_counter()

    count_lost("abc de" * 5000, "xyz\tuvw" * 5000)

    assert time.perf_counter() - started < 20


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("a b\nb a\n", 0),
        (" a b \n b \n", 0),
        (" a b \n \n b \n", 0),
        (" a b\n b\n", 0),
        ("a  b\n", 1),
        ("a\tb\n", 1),
        ("a b\r\n", 1),
        ("a\n  b\n", 2),
        ("a  b  a\n", 2),
        (" a b \n b \na\n", 2),
        ("a b", 0),
    ],
)
def test_word_tokenizer_counts_white_space_beyond_one_layout(text: str, lost: int) -> None:
    assert tokenizer_of("a b\n", kind="word").encode(text).num_characters_lost == lost


@pytest.mark.parametrize("kind", ["byte", "bpe", "character"])
def test_other_tokenizers_of_ours_lose_nothing(kind: str) -> None:
    text = "a  b\n\n\tb a \n"
    tokenizer = tokenizer_of(text, kind=kind)

    assert tokenizer.encode(text).num_characters_lost == tokenizer.count_lost(text) == 0

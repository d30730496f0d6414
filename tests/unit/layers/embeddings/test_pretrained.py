"""Every format gives back what was written, and every damage is a clear line."""

import contextlib
import io
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextword.base import DataError
from nextword.layers import WordVectors, first_other_words, read_vectors
from vector_formats import FORMATS, Write, text, word2vec_binary, word2vec_text

WORDS = ["the", "cat", "äpfel", "</s>", "3", "don't"]
VECTORS = np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32)


def read(content: bytes, *wanted: str) -> WordVectors:
    return read_vectors(io.BytesIO(content), name="words.vec", wanted=set(wanted or WORDS))


@pytest.mark.parametrize("write", FORMATS)
def test_vectors_of_every_format_are_read(write: Write) -> None:
    found = read(write(WORDS, VECTORS))

    assert found.words == tuple(WORDS)
    np.testing.assert_array_equal(found.vectors, VECTORS)


@pytest.mark.parametrize("write", FORMATS)
def test_vectors_that_nobody_wants_are_left_out(write: Write) -> None:
    found = read(write(WORDS, VECTORS), "cat", "3", "dog")

    assert found.words == ("cat", "3")
    np.testing.assert_array_equal(found.vectors, VECTORS[[1, 4]])


@pytest.mark.parametrize("write", FORMATS)
def test_vectors_without_a_wanted_word_are_none(write: Write) -> None:
    assert read(write(WORDS, VECTORS), "dog").vectors.shape == (0, 5)


@settings(max_examples=60, deadline=None)
@given(
    words=st.lists(st.text("abcäß0._-", min_size=1, max_size=6), min_size=1, unique=True),
    size=st.integers(1, 7),
    seed=st.integers(0, 99),
    write=st.sampled_from(FORMATS),
)
def test_vectors_of_any_words_and_width_come_back(
    words: list[str], size: int, seed: int, write: Write
) -> None:
    vectors = np.random.default_rng(seed).normal(size=(len(words), size)).astype(np.float32)
    if write is text and size == 1 and words[0].isascii() and words[0].isdecimal():
        words[0] = "a" * 7

    found = read(write(words, vectors), *words)

    assert found.words == tuple(words)
    np.testing.assert_array_equal(found.vectors, vectors)


def test_vectors_of_a_binary_file_longer_than_a_block_are_read() -> None:
    words = [f"word{number}" for number in range(3_000)]
    vectors = np.random.default_rng(1).normal(size=(3_000, 100)).astype(np.float32)

    found = read(word2vec_binary(words, vectors), *words)

    assert found.words == tuple(words)
    np.testing.assert_array_equal(found.vectors, vectors)


def test_vectors_of_glove_words_that_hold_blanks_keep_their_width() -> None:
    found = read(b"the 1 2\n. . 3 4\nat a@b.com 5 6\n", "the", ". .", "at a@b.com")

    assert found.vectors.tolist() == [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]


def test_vectors_apart_by_tabs_and_several_blanks_are_read() -> None:
    found = read(b"2 2\nthe\t1\t2\ncat  3   4\r\n", "the", "cat")

    assert found.vectors.tolist() == [[1.0, 2.0], [3.0, 4.0]]


BAD = {
    "empty": (b"", "line 1: a file of word vectors begins with .* its first line is empty"),
    "no vectors": (b"hello\n", "line 1: .* not with 'hello'"),
    "prose": (b"hello world\n", "line 1: .* not with 'hello world'"),
    "header of no words": (b"0 2\n", "line 1: the header says 0 words of 2 numbers"),
    "header of no width": (b"2 0\n", "line 1: the header says 2 words of 0 numbers"),
    "header of huge width": (b"2 999999\n", "line 1: the header says 2 words of 999,999"),
    "half a header": (b"2\nthe 1 2\n", "line 1: .* not with '2'"),
    "header with a word": (b"2 x\nthe 1 2\n", "line 1: .* not with '2 x'"),
    "too narrow": (b"the 1 2\ncat 1\n", "line 2: 'cat' has 1 numbers; 2 are expected"),
    "too wide": (b"the 1 2\ncat 1 2 3\n", "line 2: 'cat' has 3 numbers; 2 are expected"),
    "first one too narrow": (b"2 2\nthe 1\ncat 1 2\n", "line 2: 'the' has 1 numbers; 2 are"),
    "two blanks for a number": (b"2 2\nthe  1\ncat 1 2\n", "line 2: 'the' has 1 numbers; 2"),
    "not a number": (b"the 1 2\ncat 1 two\n", "line 2: 'two' is not a number"),
    "decimal comma": (
        b"the 0,5 0,25\ncat 0,1 0,2\n",
        "line 1: '0,25' is not a number. Write the numbers with a decimal point",
    ),
    "decimal comma before a number": (b"the 0,5 1\n", "line 1: '0,5' is not .* decimal point"),
    "decimal comma below a header": (
        b"1 2\nthe -,5 1,2e-3\n",
        "line 2: '-,5' is not a number. Write the numbers with a decimal point",
    ),
    "underscore": (b"the 1 2\ncat 1 2_0\n", "line 2: '2_0' is not a number"),
    "not finite": (b"the 1 2\ncat 1 nan\n", "line 2: the vector of 'cat' is not finite"),
    "too large": (b"the 1 2\ncat 1 1e300\n", "line 2: the vector of 'cat' is not finite"),
    "fewer than the header says": (b"3 2\nthe 1 2\n", "line 2: the file ends after 1 words"),
    "more than the header says": (b"1 2\nthe 1 2\ncat 1 2\n", "the file ends after 2 words"),
    "header alone": (b"3 2\n", "byte 4: the file ends inside word 1 of 3"),
    "line without end": (b"the " + b"1 " * 600_000, "line 1: the line is longer than"),
}


@pytest.mark.parametrize(("content", "message"), BAD.values(), ids=BAD)
def test_vectors_that_are_malformed_are_refused_with_the_line(content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=rf"^words\.vec, .*{message}"):
        read(content)


FAULTY = {
    "not UTF-8": (b"c\xe4t 1 2\n", "1 word is not UTF-8 (first at line 2)"),
    "empty": (b" 5 6\n", "1 word is empty (first at line 2)"),
    "too narrow": (b"dog 1\n", "1 word is followed by another number of numbers"),
    "too wide": (b"dog 1 2 3\n", "1 word is followed by another number of numbers"),
    "twice": (b"the 3 4\n", "1 word is listed twice; the first vector is kept (first at line 2)"),
}


@pytest.mark.parametrize(("line", "message"), FAULTY.values(), ids=FAULTY)
@pytest.mark.parametrize("header", [b"", b"3 2\n", b"\xef\xbb\xbf3 2\n"])
def test_vectors_faulty_word_that_nobody_wants_is_skipped_and_counted(
    line: bytes, message: str, header: bytes
) -> None:
    found = read(header + b"the 1 2\n" + line + b"cat 3 4\n", "the", "cat")

    assert found.words == ("the", "cat")
    assert found.vectors.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    (warning,) = found.losses.warnings()
    assert warning.startswith(message.replace("line 2", "line 3" if header else "line 2"))


def test_vectors_of_a_binary_file_faulty_words_are_skipped() -> None:
    content = word2vec_binary(["the", "cat", "the", ""], VECTORS[:4]).replace(b"cat", b"c\xe4t")

    found = read(content, "the", "dog")

    assert found.words == ("the",)
    np.testing.assert_array_equal(found.vectors, VECTORS[:1])
    assert dict(found.losses.counts) == {"undecodable": 1, "duplicate": 1, "empty": 1}


@pytest.mark.parametrize("word", [b"x\fy", b"x\vy", "\xa0".encode(), "x\u2028".encode(), b"\v"])
def test_vectors_only_blanks_and_tabs_separate(word: bytes) -> None:
    found = read(b"the 1 2\n" + word + b"\t3\t4\n", word.decode())

    assert found.vectors.tolist() == [[3.0, 4.0]]


def test_vectors_first_word_that_holds_blanks_keeps_the_width() -> None:
    assert read(b". . . 1 2\nthe 3 4\n", ". . .").vectors.tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"THE 1 2\nCat 1 2\n", "2 more words of the vocabulary are there in other capitals."),
        ("\u2581the 1 2\n".encode(), "1 more words .* with a marker"),
        (b"the_DET 1 2\ncat_NOUN 1 2\n", "2 more words .* with a tag"),
        (b"\xe4 1 2\n\xf6 1 2\n", "Many words are not UTF-8"),
        (b"le 1 2\n", "another language"),
    ],
)
def test_vectors_few_words_have_a_likely_cause(content: bytes, cause: str) -> None:
    assert re.match(f".*{cause}", read(content).losses.likely_cause())


def test_vectors_of_a_binary_file_cut_short_are_refused_with_the_byte() -> None:
    content = word2vec_binary(WORDS, VECTORS)

    for length in range(len(b"6 5\n"), len(content) - 1):
        with pytest.raises(DataError, match=r"byte \d+: the file ends inside word \d of 6"):
            read(content[:length])


def test_vectors_of_a_binary_file_with_a_wrong_width_are_refused() -> None:
    content = word2vec_binary(WORDS, VECTORS)

    for size in (b"4", b"6"):
        with pytest.raises(DataError, match=r"words\.vec, byte \d+: "):
            read(content.replace(b"6 5\n", b"6 " + size + b"\n"))


def test_vectors_of_a_binary_file_that_goes_on_are_refused() -> None:
    with pytest.raises(DataError, match="has content after the 6 words of its header"):
        read(word2vec_binary(WORDS, VECTORS) + b"more")


@settings(max_examples=200, deadline=None)
@given(
    write=st.sampled_from(FORMATS),
    place=st.integers(0, 400),
    byte=st.integers(0, 255),
    cut=st.booleans(),
)
def test_vectors_with_a_damaged_byte_are_read_or_refused(
    write: Write, place: int, byte: int, cut: bool
) -> None:
    content = bytearray(write(WORDS, VECTORS))
    content[place % len(content)] = byte

    with contextlib.suppress(DataError):
        found = read(bytes(content[: place if cut else None]))
        assert np.isfinite(found.vectors).all()


def test_first_other_words_are_the_first_that_are_not_known() -> None:
    content = io.BytesIO(text(WORDS, VECTORS))

    words = first_other_words(content, name="words.vec", known={"the", "</s>"}, limit=2)

    assert words == ("cat", "äpfel")


def test_first_other_words_reads_no_further_than_it_must() -> None:
    content = io.BytesIO(word2vec_text(WORDS, VECTORS) + b"and then it breaks")

    assert first_other_words(content, name="words.vec", known=set(), limit=2) == ("the", "cat")


def test_first_other_words_passes_over_what_is_no_word() -> None:
    content = io.BytesIO(b"the 1 2\n. . 3 4\n 5 6\nc\xe4t 1 2\ndog 1\na\0b 1 2\ncat 3 4\n")

    assert first_other_words(content, name="words.vec", known=set(), limit=9) == ("the", "cat")

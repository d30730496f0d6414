import numpy as np
import pytest

from fakes import tokenizer_of
from nextword.base import ConfigError, DataError
from nextword.inspection.memory import draw_positions, draw_shared_positions, read_memory_text
from nextword.inspection.memory.targets import incomparable
from nextword.text import Corpus, text_document

TEXT = "the old man saw the café again and again\n" * 8


def test_bytes_of_tokens_add_up_to_the_text() -> None:
    for kind in ("byte", "bpe", "character"):
        text = read_memory_text(TEXT, tokenizer_of(TEXT, kind=kind))  # type: ignore[arg-type]
        assert text.num_bytes is not None
        assert text.num_bytes.sum() == len(TEXT.encode())


def test_words_have_no_bytes_and_unknown_words_are_counted() -> None:
    text = read_memory_text("one two three\n", tokenizer_of("one two\n"))

    assert text.num_unknown == 1
    assert not text.is_lossless


def test_corpus_is_cut_after_some_characters() -> None:
    document = text_document("abcdef", name="a")
    corpus = Corpus(description="abc", open_documents=lambda: iter([document]))

    text = read_memory_text(corpus, tokenizer_of("abcdef", kind="character"), max_characters=4)

    assert text.num_tokens == 4
    assert text.description == "abc"


def test_empty_text_is_refused() -> None:
    with pytest.raises(DataError, match="text has no tokens"):
        read_memory_text("", tokenizer_of("a"))


def test_positions_are_different_and_leave_room() -> None:
    text = read_memory_text(TEXT, tokenizer_of(TEXT))

    positions = draw_positions(text, first=10, number=1000, seed=0)

    assert positions.tolist() == list(range(10, text.num_tokens))
    again = draw_positions(text, first=10, number=5, seed=3)
    assert again.tolist() == draw_positions(text, first=10, number=5, seed=3).tolist()


def test_text_that_is_too_short_is_refused() -> None:
    text = read_memory_text("one two\n", tokenizer_of("one two\n"))

    with pytest.raises(DataError, match="3 tokens, but looking back 3 tokens needs at least 4"):
        draw_positions(text, first=3, number=1, seed=0)
    with pytest.raises(ConfigError, match="positions is 0"):
        draw_positions(text, first=1, number=0, seed=0)


def test_shared_positions_contain_the_same_bytes() -> None:
    texts = [
        read_memory_text(TEXT, tokenizer_of(TEXT, kind=kind))  # type: ignore[arg-type]
        for kind in ("byte", "bpe")
    ]

    of_bytes, of_pieces = draw_shared_positions(texts, first=5, number=40, seed=0)

    assert texts[1].num_bytes is not None
    ends = np.cumsum(texts[1].num_bytes)
    for byte, piece in zip(of_bytes.tolist(), of_pieces.tolist(), strict=True):
        assert ends[piece - 1] <= byte < ends[piece]
    assert of_pieces.min() >= 5


def test_shared_positions_of_short_text_are_refused() -> None:
    texts = [read_memory_text("ab", tokenizer_of("ab", kind="byte"))] * 2

    with pytest.raises(DataError, match="needs at least"):
        draw_shared_positions(texts, first=2, number=4, seed=0)


def test_incomparable_gives_the_reason() -> None:
    words = read_memory_text("one two\n", tokenizer_of("one two\n"))
    unknown = read_memory_text("one six\n", tokenizer_of("one two\n"))
    characters = read_memory_text("one two\n", tokenizer_of("one two\n", kind="character"))

    assert incomparable({"c": characters}) == ""
    assert "characters are lost by the tokenizer of w" in incomparable({"w": words})
    assert "words outside the vocabulary of u" in incomparable({"w": words, "u": unknown})

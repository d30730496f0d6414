"""Passages: the beginning of a text, token by token."""

import pytest

from fakes import random_text, tokenizer_of
from nextword.base import ConfigError, DataError
from nextword.inspection import read_passage
from nextword.inspection.rows import evenly_spaced
from nextword.text import Corpus, text_document


def test_read_passage_predicts_each_token_after_the_boundary() -> None:
    tokenizer = tokenizer_of("one two\nthree\n")

    passage = read_passage("one two\nthree\n", tokenizer)

    ids = tokenizer.encode("one two\nthree\n").ids.tolist()
    assert passage.target_ids.tolist() == ids
    assert passage.token_ids.tolist() == [tokenizer.boundary_id, *ids[:-1]]
    assert passage.input_texts == ["", "one", "two", "</s>", "three"]
    assert passage.shown_texts(1, 4) == ("one ", "two ", "\u23ce\n")


def test_read_passage_of_characters_needs_no_blanks() -> None:
    tokenizer = tokenizer_of("one two\n", kind="character")

    assert read_passage("one", tokenizer).shown_texts(1, 3) == ("o", "n")


def test_read_passage_reads_only_the_beginning_of_a_corpus() -> None:
    tokenizer = tokenizer_of(random_text(9), kind="byte")
    documents = [text_document("abc\n", name="a"), text_document("def\n", name="b")]
    corpus = Corpus(description="both", open_documents=lambda: iter(documents))

    passage = read_passage(corpus, tokenizer, max_characters=6)

    assert "".join(passage.texts) == "abc\nde"
    assert passage.description == "both"
    assert len(read_passage(corpus, tokenizer, max_tokens=2)) == 2


def test_read_passage_without_tokens_is_refused() -> None:
    with pytest.raises(DataError, match="text has no tokens"):
        read_passage("", tokenizer_of("one\n"))


def test_read_passage_of_no_characters_is_refused() -> None:
    with pytest.raises(ConfigError, match="max_characters is 0"):
        read_passage("one", tokenizer_of("one\n"), max_characters=0)


@pytest.mark.parametrize(
    ("number", "expected"), [(1, [3]), (3, [3, 6, 9]), (99, [3, 4, 5, 6, 7, 8, 9])]
)
def test_evenly_spaced_positions_are_different(number: int, expected: list[int]) -> None:
    assert evenly_spaced(3, 10, number=number).tolist() == expected

"""Training data: spans, supporting words, and encoded words."""

import numpy as np
import pytest

from nextword.tasks.reading.data import answer_spans, items_sha256
from nextword.tasks.reading.files import Item, Turn, split_passage
from nextword.tasks.reading.words import sentence_starts, split_words

PASSAGE = "Anna left the hall. The Hall was red. (In 1969-70.) Anna's hall!"


def item(answer: str, **values: object) -> Item:
    passage, starts = split_passage(PASSAGE)
    return Item(passage=passage, starts=starts, question="q", references=(answer,), **values)


@pytest.mark.parametrize(
    ("answer", "values", "spans"),
    [
        ("hall", {}, ["hall", "Hall", "hall"]),
        ("hall", {"supporting": (1,)}, ["Hall"]),
        # No occurrence in the supporting sentence: every occurrence counts.
        ("hall", {"supporting": (2,)}, ["hall", "Hall", "hall"]),
        ("the hall", {}, ["the hall", "The Hall"]),
        ("1969", {}, ["1969"]),
        ("Anna's hall", {}, ["Anna's hall"]),
        ("hall", {"answer_starts": (24,)}, ["Hall"]),
        # A place inside a word: the whole word.
        ("all", {"answer_starts": (15,)}, ["hall"]),
        ("kitchen", {}, []),
    ],
)
def test_answer_spans(answer: str, values: dict, spans: list[str]) -> None:
    words = split_words(PASSAGE)

    found = answer_spans(item(answer, **values), words)

    assert [words.between(first, last) for first, last in found] == spans


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three? Four", ["One. ", "Two! ", "Three? ", "Four"]),
        ('He said "no." Then he left.', ['He said "no." ', "Then he left."]),
        ("3.5 is 7/2.\nYes\n\nNo.", ["3.5 is 7/2.\n", "Yes\n\n", "No."]),
        ("One.  ", ["One.  "]),
    ],
)
def test_sentence_starts(text: str, sentences: list[str]) -> None:
    starts = sentence_starts(text)

    ends = [*starts[1:], len(text)]
    assert [text[a:b] for a, b in zip(starts, ends, strict=True)] == sentences


def test_split_words_places_are_those_of_the_text() -> None:
    words = split_words(PASSAGE)

    assert [PASSAGE[a:b] for a, b in words.places] == list(words.words)
    assert split_words(" \n").places.shape == (0, 2)


def test_items_sha256_differs_with_every_part() -> None:
    base = item("hall")
    changes = ({"history": (Turn(question="a"),)}, {"supporting": (1,)}, {"candidates": ("b",)})

    hashes = [items_sha256([base])] + [items_sha256([item("hall", **each)]) for each in changes]

    assert len(np.unique(hashes)) == 4

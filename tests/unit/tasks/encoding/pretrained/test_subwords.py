import pytest

import huggingface_models as made
from nextword.base import FormatError
from nextword.tasks.encoding.pretrained.subwords import SubwordText, special_ids


def text_of(window: int = 16) -> SubwordText:
    return SubwordText(made.word_pieces("the cat dog"), window=window, pad_id=0)


def test_special_ids_are_those_around_a_sentence() -> None:
    assert special_ids(made.word_pieces("the")) == ([2], [3])


def test_tokens_are_those_of_the_tokenizer() -> None:
    tokens = text_of().tokens([["The", "cats", "dog"], ["cat"]])

    expected = made.word_pieces("the cat dog").encode("The cats dog").ids
    assert tokens.token_ids[0].tolist() == expected
    assert tokens.lengths.tolist() == [6, 3]
    assert tokens.token_ids[1, 3:].tolist() == [0, 0, 0]


def test_places_are_those_of_the_first_subwords() -> None:
    tokens = text_of().tokens([["the", "cats", "dog"], ["cat"]])

    assert tokens.places.tolist() == [[1, 2, 4], [7, 0, 0]]
    assert tokens.counts.tolist() == [[1, 2, 1], [1, 0, 0]]


def test_long_sentence_is_split_between_words() -> None:
    tokens = text_of(window=5).tokens([["the", "cats", "cat", "dog"]])

    first = made.word_pieces("the cat dog").encode("the cats").ids
    assert tokens.token_ids[0].tolist() == first
    assert tokens.lengths.tolist() == [5, 4]
    assert tokens.places.tolist() == [[1, 2, 6, 7]]


def test_word_longer_than_the_window_is_cut() -> None:
    tokens = text_of(window=4).tokens([["abcdefgh", "cat"]])

    assert tokens.counts.tolist() == [[2, 1]]
    assert tokens.lengths.tolist() == [4, 3]


def test_word_without_subwords_has_a_count_of_zero() -> None:
    tokens = text_of().tokens([["the", "\x00", "cat"], []])

    assert tokens.counts.tolist() == [[1, 0, 1], [0, 0, 0]]


def test_window_without_room_is_refused() -> None:
    with pytest.raises(FormatError, match="reads 2 tokens at once"):
        text_of(window=2)

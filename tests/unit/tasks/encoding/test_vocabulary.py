import pytest

from nextword.base import FormatError
from nextword.tasks.encoding import EncoderConfig, LabelVocabulary, TokenVocabulary
from nextword.tasks.encoding import build_vocabulary as build

SENTENCES = [["The", "cat", "saw", "the", "cat"], ["The", "1998", "2001"]]


def test_build_vocabulary_sorts_words_by_frequency_and_counts_the_rare_ones() -> None:
    vocabulary = build(SENTENCES, EncoderConfig())

    assert vocabulary.words == ("The", "cat", "0000", "saw", "the")
    assert vocabulary.num_frequent == 3
    assert vocabulary.num_training == 5


def test_build_vocabulary_min_count_leaves_out_rare_words() -> None:
    vocabulary = build(SENTENCES, EncoderConfig(min_count=2))

    assert vocabulary.words == ("The", "cat", "0000")
    assert vocabulary.word_id("saw") == 0
    assert not vocabulary.is_known("saw")


def test_word_id_is_that_of_the_normalized_word() -> None:
    vocabulary = build(SENTENCES, EncoderConfig(lowercase=True))

    assert vocabulary.word_id("THE") == vocabulary.word_id("the") == 1
    assert vocabulary.word_id("1776") == vocabulary.word_id("0000") > 0
    assert vocabulary.word_id("dog") == 0


def test_character_ids_of_a_long_word_are_those_of_its_ends() -> None:
    vocabulary = build([["ab"]], EncoderConfig())

    ids = vocabulary.character_ids("a" * 30 + "x" * 1000 + "b" * 30)

    assert ids == [3, *[1] * 20, *[2] * 20, 4]


def test_with_words_adds_words_that_are_not_known_from_training() -> None:
    vocabulary = build(SENTENCES, EncoderConfig()).with_words(["dog", "The", "dog"])

    assert vocabulary.words[-1] == "dog"
    assert vocabulary.word_id("dog") == 6
    assert not vocabulary.is_known("dog")


def test_vocabulary_survives_its_json_values() -> None:
    vocabulary = build(SENTENCES, EncoderConfig(lowercase=True)).with_words(["dog"])

    assert TokenVocabulary.from_values(vocabulary.to_values()) == vocabulary


def test_from_values_damaged_is_refused() -> None:
    values = build(SENTENCES, EncoderConfig()).to_values()

    with pytest.raises(FormatError, match="comes twice"):
        TokenVocabulary.from_values(values | {"words": ["a", "a"]})
    with pytest.raises(FormatError, match="num_training"):
        TokenVocabulary.from_values({k: v for k, v in values.items() if k != "num_training"})
    with pytest.raises(FormatError, match="list of labels"):
        LabelVocabulary.from_values([1, 2])

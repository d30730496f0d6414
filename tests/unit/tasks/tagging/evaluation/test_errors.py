import pytest

from nextword.base import ShapeError
from nextword.tasks.tagging.evaluation.errors import TagErrors
from tagged_files import sentence_of


def errors_of(*rows: tuple[str, str, str], **settings: int) -> TagErrors:
    errors = TagErrors({"the", "dog"}.__contains__, **settings)
    for words, expected, predicted in rows:
        errors.add(sentence_of(words, expected), predicted.split())
    return errors


def test_tag_errors_accuracy_of_known_and_unknown_words() -> None:
    errors = errors_of(("the dog barks", "D N V", "D N N"), ("the cat", "D N", "X N"))

    assert (errors.known.num_words, errors.known.accuracy) == (3, 2 / 3)
    assert (errors.unknown.num_words, errors.unknown.accuracy) == (2, 0.5)


def test_tag_errors_accuracy_without_words_is_none() -> None:
    assert errors_of().unknown.accuracy is None


def test_tag_errors_most_frequent_have_count_example_and_place() -> None:
    errors = errors_of(("the dog", "D N", "N N"), ("a dog", "D N", "D V"), ("my dog", "D N", "D V"))

    first, second = errors.most_frequent(5)

    assert (first.word, first.expected, first.predicted, first.count) == ("dog", "N", "V", 2)
    assert (first.example, first.place) == ("a dog", "dev.txt:2")
    assert (second.word, second.count, second.place) == ("the", 1, "dev.txt:1")
    assert errors.most_frequent(1) == [first]


def test_tag_errors_confusions_are_sorted_by_count() -> None:
    errors = errors_of(("a b c d", "X X Y Y", "Y Y X Y"))

    assert errors.confusions() == [("X", "Y", 2), ("Y", "X", 1)]
    assert errors.confusions(1) == [("X", "Y", 2)]


def test_tag_errors_example_of_long_sentence_is_its_part() -> None:
    words = [f"w{index}" for index in range(100)]
    predicted = ["N"] * 50 + ["V"] + ["N"] * 49

    errors = errors_of((" ".join(words), " ".join("N" * 100), " ".join(predicted)))

    assert errors.most_frequent(1)[0].example == " ".join(words[38:63])


def test_tag_errors_more_kinds_than_the_limit_are_marked() -> None:
    rows = ("a b a", "N N N", "V V V")

    assert errors_of(rows, max_errors=2).is_complete
    limited = errors_of(rows, max_errors=1)
    assert not limited.is_complete
    assert [(each.word, each.count) for each in limited.most_frequent(5)] == [("a", 2)]
    assert limited.confusions() == [("N", "V", 3)]


def test_tag_errors_unequal_numbers_of_labels_are_refused() -> None:
    with pytest.raises(ShapeError, match="2 expected and 1 predicted labels for 2 words"):
        errors_of(("a b", "N N", "N"))

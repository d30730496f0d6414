"""The classifier as an object: its arguments, and how it prints itself."""

import pytest

from classifiers import new_classifier
from nextword.base import ConfigError


def test_one_string_in_place_of_texts_is_refused() -> None:
    classifier = new_classifier()

    with pytest.raises(ConfigError, match="texts is a single string"):
        classifier.classify_texts("a lovely film")
    with pytest.raises(ConfigError, match="texts is a single string"):
        classifier.predict("a lovely film")


def test_texts_in_place_of_words_are_refused() -> None:
    classifier = new_classifier()

    with pytest.raises(ConfigError, match="a word is 'a lovely film'") as caught:
        classifier.classify(["a lovely film", "a dull one"])

    assert caught.value.help == "Use classify_texts for several texts."
    assert classifier.classify(["a", "lovely"]) == classifier.classify("a lovely")


def test_repr_has_labels_and_parameters() -> None:
    classifier = new_classifier()

    expected = f"Classifier(None, num_labels=2, num_parameters={classifier.num_parameters:,})"
    assert repr(classifier) == expected

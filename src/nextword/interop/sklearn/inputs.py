"""Checks of the samples that scikit-learn passes to an estimator."""

from collections.abc import Sequence
from typing import Any

from nextword.base import DataError

_NUM_SHOWN = 40


def checked_texts(texts: Any, *, name: str = "X") -> list[str]:
    """Return texts as a list.

    Args:
        texts: A list, an array or a column of strings.
        name: Name of the argument, for error messages.

    Raises:
        DataError: It is a single string, has two dimensions, or an element is no string.
    """
    if isinstance(texts, str | bytes):
        raise DataError(
            f"{name} is the string {texts[:_NUM_SHOWN]!r}; several texts are expected.",
            help="Pass a list of strings.",
        )
    found = list(_one_dimension(texts, name))
    for index, text in enumerate(found):
        if not isinstance(text, str):
            raise DataError(
                f"{name}[{index}] is of type {type(text).__name__}; a string is expected.",
                help="Convert it with str, or leave it out.",
            )
    return [str(text) for text in found]


def checked_sentences(sentences: Any, *, name: str = "X") -> list[tuple[str, ...]]:
    """Return sentences, given as lists of words.

    Args:
        sentences: A list of lists of strings.
        name: Name of the argument, for error messages.

    Raises:
        DataError: A sentence is a string, or a word is no string.
    """
    found = []
    for index, sentence in enumerate(sentences):
        if isinstance(sentence, str):
            raise DataError(
                f"{name}[{index}] is the string {sentence[:_NUM_SHOWN]!r}; a list of words is "
                "expected.",
                help="Split it into words, for example with str.split.",
            )
        found.append(tuple(checked_texts(sentence, name=f"{name}[{index}]")))
    return found


def check_same_lengths(sentences: Sequence[Sequence[object]], labels: Sequence[Any]) -> None:
    """Raise an error if sentences and their labels do not fit together.

    Args:
        sentences: The words of each sentence.
        labels: The labels of each sentence.

    Raises:
        DataError: The numbers of sentences, or of words and labels of a sentence, differ.
    """
    if len(sentences) != len(labels):
        raise DataError(
            f"X has {len(sentences)} sentences, y has {len(labels)}.",
            help="Pass the labels of each sentence.",
        )
    for index, (words, found) in enumerate(zip(sentences, labels, strict=True)):
        if isinstance(found, str):
            raise DataError(
                f"y[{index}] is the string {found[:_NUM_SHOWN]!r}; a list of labels is expected.",
                help="Pass one label for each word.",
            )
        if len(words) != len(found):
            raise DataError(
                f"X[{index}] has {len(words)} words, y[{index}] has {len(found)} labels.",
                help="Pass one label for each word.",
            )


def _one_dimension(values: Any, name: str) -> Any:
    """Return values that have one dimension; iterating over a table yields its column names."""
    dimensions = getattr(values, "ndim", 1)
    if dimensions != 1:
        raise DataError(
            f"{name} has {dimensions} dimensions; one dimension is expected, with a text for each "
            "sample.",
            help='Select one column, as in X["text"] of a data frame.',
        )
    return values

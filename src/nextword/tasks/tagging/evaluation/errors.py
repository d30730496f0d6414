"""Errors of a tagger: the most frequent ones, and the accuracy of known and unknown words."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from nextword.base import ShapeError
from nextword.tasks.tagging.files import Sentence

#: Number of different errors that are counted; each of them keeps one example.
MAX_ERRORS = 100_000
#: Number of words before and after an error in its example.
_CONTEXT_WORDS = 12


class ErrorKind(NamedTuple):
    """A word with its expected and its predicted label."""

    word: str
    expected: str
    predicted: str


@dataclass(frozen=True, kw_only=True)
class FrequentError:
    """An error, how often it occurs, and its first example.

    Attributes:
        word: The word.
        expected: The expected label.
        predicted: The predicted label.
        count: How often this error occurs.
        example: The sentence of the first one, up to 12 words before and after it.
        place: File and line number of the first one.
    """

    word: str
    expected: str
    predicted: str
    count: int
    example: str
    place: str


@dataclass(frozen=True, kw_only=True)
class WordAccuracy:
    """The accuracy of a group of words.

    Attributes:
        num_words: Number of words.
        num_correct: Number of words with the expected label.
    """

    num_words: int
    num_correct: int

    @property
    def accuracy(self) -> float | None:
        """Share of words with the expected label; None if there are no words."""
        return self.num_correct / self.num_words if self.num_words else None


class TagErrors:
    """Counts of the errors of a tagger, added up sentence by sentence.

    Args:
        is_known: Returns whether a word is in the vocabulary of the training data.
        max_errors: Number of different errors that are counted. When it is reached, further kinds
            of errors are left out of `most_frequent`, and `is_complete` becomes False.

    Attributes:
        is_complete: Whether `most_frequent` considers all errors.
    """

    def __init__(self, is_known: Callable[[str], bool], *, max_errors: int = MAX_ERRORS) -> None:
        self._is_known = is_known
        self._max_errors = max_errors
        self._words: Counter[bool] = Counter()
        self._correct: Counter[bool] = Counter()
        self._pairs: Counter[tuple[str, str]] = Counter()
        self._errors: Counter[ErrorKind] = Counter()
        self._examples: dict[ErrorKind, tuple[str, str]] = {}
        self.is_complete = True

    def add(self, sentence: Sentence, predicted: Sequence[str]) -> None:
        """Add a sentence.

        Args:
            sentence: A sentence with its expected labels.
            predicted: The predicted labels.

        Raises:
            ShapeError: The sentence has no labels, or their number is not that of the predicted
                ones.
        """
        expected = sentence.labels or ()
        if not len(sentence.words) == len(expected) == len(predicted):
            raise ShapeError(
                f"there are {len(expected)} expected and {len(predicted)} predicted labels for "
                f"{len(sentence.words)} words."
            )
        for index, kind in enumerate(map(ErrorKind, sentence.words, expected, predicted)):
            is_known = self._is_known(kind.word)
            self._words[is_known] += 1
            if kind.expected == kind.predicted:
                self._correct[is_known] += 1
            else:
                self._add_error(kind, sentence, index)

    def _add_error(self, kind: ErrorKind, sentence: Sentence, index: int) -> None:
        self._pairs[kind.expected, kind.predicted] += 1
        if kind not in self._errors:
            if len(self._errors) >= self._max_errors:
                self.is_complete = False
                return
            words = sentence.words[max(0, index - _CONTEXT_WORDS) : index + _CONTEXT_WORDS + 1]
            place = f"{sentence.file}:{sentence.line_number(index)}"
            self._examples[kind] = " ".join(words), place
        self._errors[kind] += 1

    @property
    def known(self) -> WordAccuracy:
        """Accuracy of known words."""
        return WordAccuracy(num_words=self._words[True], num_correct=self._correct[True])

    @property
    def unknown(self) -> WordAccuracy:
        """Accuracy of unknown words."""
        return WordAccuracy(num_words=self._words[False], num_correct=self._correct[False])

    def confusions(self, n: int | None = None) -> list[tuple[str, str, int]]:
        """Return the most frequent pairs of an expected and another, predicted label.

        Args:
            n: Number of pairs; all if None.

        Returns:
            Expected label, predicted label and count, most frequent first.
        """
        ranked = sorted(self._pairs.items(), key=lambda item: (-item[1], item[0]))
        return [(*pair, count) for pair, count in ranked[:n]]

    def most_frequent(self, n: int) -> list[FrequentError]:
        """Return the most frequent errors.

        Args:
            n: Number of errors.

        Returns:
            The errors, most frequent first; errors of the same count in alphabetical order.
        """
        ranked = sorted(self._errors.items(), key=lambda item: (-item[1], item[0]))
        return [
            FrequentError(
                **kind._asdict(),
                count=count,
                example=self._examples[kind][0],
                place=self._examples[kind][1],
            )
            for kind, count in ranked[:n]
        ]

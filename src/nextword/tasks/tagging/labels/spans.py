"""Spans of labelled words, counted as conlleval counts them. Knows nothing of files or models."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from nextword.base import ShapeError

OUTSIDE = "O"
#: Prefixes that end a span, those of BILOU included.
_LAST = frozenset("ESLU")
#: Prefixes that begin a span.
_FIRST = frozenset("BSU")
#: Prefixes that continue a span, if there is one of the same type.
_INSIDE = frozenset("IEL")


class Span(NamedTuple):
    """Consecutive words with a type.

    Attributes:
        start: Index of the first word.
        end: Index after the last word.
        type: Type of the span, such as `PER`.
    """

    start: int
    end: int
    type: str


def split_label(label: str) -> tuple[str, str]:
    """Return the prefix and the type of a label, split at the first hyphen.

    Example:
        >>> split_label("B-PER"), split_label("O")
        (('B', 'PER'), ('O', ''))
    """
    prefix, _, type = label.partition("-")
    return prefix, type


def find_spans(labels: Sequence[str]) -> Iterator[Span]:
    """Iterate over the spans of a sentence.

    The rules are those of conlleval for labels in IOB1, IOB2 and IOE, and of seqeval for BIOES: a
    label of another type ends a span and begins the next one, with any prefix. Therefore each
    sequence of labels has spans, also one in which I- follows O.

    Args:
        labels: The labels of one sentence.

    Source: [tjong2000].

    Example:
        >>> list(find_spans(["B-PER", "I-PER", "O", "I-LOC"]))
        [Span(start=0, end=2, type='PER'), Span(start=3, end=4, type='LOC')]
    """
    start: int | None = None
    before, type_before = OUTSIDE, ""
    for index, label in enumerate(labels):
        prefix, type = split_label(label)
        is_other_type = type != type_before
        if start is not None and (_ends(before, prefix) or is_other_type):
            yield Span(start, index, type_before)
            start = None
        if start is None and _begins(before, prefix, is_other_type=is_other_type):
            start = index
        before, type_before = prefix, type
    if start is not None:
        yield Span(start, len(labels), type_before)


def _ends(before: str, prefix: str) -> bool:
    """Return whether a span ends between two labels of the same type."""
    return before in _LAST or prefix in _FIRST or prefix == OUTSIDE


def _begins(before: str, prefix: str, *, is_other_type: bool) -> bool:
    """Return whether a span begins at a label, none being open."""
    if prefix in _FIRST:
        return True
    if prefix in _INSIDE and (before in _LAST or before == OUTSIDE):
        return True
    return is_other_type and prefix not in (OUTSIDE, ".")


@dataclass(frozen=True, kw_only=True)
class SpanScores:
    """Precision, recall and F1 of spans.

    A predicted span is correct if an expected one has the same words and the same type.

    Attributes:
        num_expected: Number of expected spans.
        num_predicted: Number of predicted spans.
        num_correct: Number of spans that are both.
    """

    num_expected: int
    num_predicted: int
    num_correct: int

    @property
    def precision(self) -> float:
        """Share of correct spans among the predicted ones; 0 if there are none."""
        return _share(self.num_correct, self.num_predicted)

    @property
    def recall(self) -> float:
        """Share of correct spans among the expected ones; 0 if there are none."""
        return _share(self.num_correct, self.num_expected)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 if no span is correct."""
        return _share(2 * self.num_correct, self.num_expected + self.num_predicted)


@dataclass(kw_only=True)
class SpanCounts:
    """Counts of expected, predicted and correct spans, added up sentence by sentence.

    Attributes:
        expected: Number of expected spans of each type.
        predicted: Number of predicted spans of each type.
        correct: Number of correct spans of each type.

    Example:
        >>> counts = SpanCounts()
        >>> counts.add(["B-PER", "I-PER", "O"], ["B-PER", "O", "O"])
        >>> counts.total().f1
        0.0
    """

    expected: Counter[str] = field(default_factory=Counter)
    predicted: Counter[str] = field(default_factory=Counter)
    correct: Counter[str] = field(default_factory=Counter)

    def add(self, expected: Sequence[str], predicted: Sequence[str]) -> None:
        """Add the spans of a sentence.

        Args:
            expected: The expected labels.
            predicted: The predicted labels.

        Raises:
            ShapeError: The numbers of labels differ.
        """
        if len(expected) != len(predicted):
            raise ShapeError(
                f"there are {len(expected)} expected labels and {len(predicted)} predicted ones."
            )
        expected_spans, predicted_spans = set(find_spans(expected)), set(find_spans(predicted))
        for counter, spans in (
            (self.expected, expected_spans),
            (self.predicted, predicted_spans),
            (self.correct, expected_spans & predicted_spans),
        ):
            counter.update(span.type for span in spans)

    def total(self) -> SpanScores:
        """Return the scores over all types, as the first lines of conlleval report them."""
        return SpanScores(
            num_expected=self.expected.total(),
            num_predicted=self.predicted.total(),
            num_correct=self.correct.total(),
        )

    def per_type(self) -> dict[str, SpanScores]:
        """Return the scores of each type that is expected or predicted, sorted by type."""
        return {
            type: SpanScores(
                num_expected=self.expected[type],
                num_predicted=self.predicted[type],
                num_correct=self.correct[type],
            )
            for type in sorted(self.expected.keys() | self.predicted.keys())
        }


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0

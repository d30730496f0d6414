"""Evaluation of a tagger on labelled sentences."""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace

from nextword.base import DataError, Values
from nextword.pages import Printed
from nextword.tasks.metrics import LabelCounts, LabelScores
from nextword.tasks.tagging.annotation import tagged
from nextword.tasks.tagging.evaluation.errors import FrequentError, TagErrors, WordAccuracy
from nextword.tasks.tagging.files import Sentence
from nextword.tasks.tagging.labels import SpanCounts, SpanScores
from nextword.tasks.tagging.tagger import Tagger

_NUM_ERRORS = 20
#: Number of labels in JSON that the training data lack.
_NUM_NEW_LABELS = 100


@dataclass(frozen=True, kw_only=True)
class TaggingScores(Printed):
    """The scores of a tagger on labelled sentences.

    Attributes:
        num_sentences: Number of sentences.
        labels: Accuracy, and precision, recall and F1 of each label.
        spans: Scores of all spans as conlleval counts them; None if the labels are not spans.
        span_types: Scores of the spans of each type.
        known: Accuracy of words in the vocabulary of the training data.
        unknown: Accuracy of the other words.
        new_labels: Labels that the training data lack, with the number of words that have them,
            the most frequent first; they are never predicted, so these words count as wrong.
        errors: The most frequent errors.
        counts: Counts of all labels, for the confusion matrix.
        seconds: Duration of the prediction.
    """

    num_sentences: int
    labels: LabelScores
    spans: SpanScores | None
    span_types: dict[str, SpanScores]
    known: WordAccuracy
    unknown: WordAccuracy
    new_labels: dict[str, int]
    errors: tuple[FrequentError, ...]
    counts: LabelCounts
    seconds: float

    @property
    def score(self) -> float:
        """The figure that decides which model is the best: span F1, otherwise accuracy."""
        return self.labels.accuracy if self.spans is None else self.spans.f1

    def headline(self) -> tuple[str, str]:
        """Return the name and the value of the most important score."""
        name = "accuracy" if self.spans is None else "span F1"
        return name, f"{100.0 * self.score:.2f} %"

    def to_dict(self) -> Values:
        """Return the scores as JSON values."""
        spans = self.spans
        return {
            "num_items": self.labels.num_items,
            "num_sentences": self.num_sentences,
            "accuracy": self.labels.accuracy,
            "macro_f1": self.labels.macro_f1,
            "precision": None if spans is None else spans.precision,
            "recall": None if spans is None else spans.recall,
            "f1": None if spans is None else spans.f1,
            "accuracy_known": self.known.accuracy,
            "accuracy_unknown": self.unknown.accuracy,
            "num_unknown": self.unknown.num_words,
            "per_label": {name: asdict(each) for name, each in self.labels.per_label.items()},
            "per_type": {name: _span_values(each) for name, each in self.span_types.items()},
            "num_new_labels": len(self.new_labels),
            "new_labels": dict(list(self.new_labels.items())[:_NUM_NEW_LABELS]),
            "errors": [asdict(error) for error in self.errors],
            "seconds": self.seconds,
            "words_per_second": self.labels.num_items / self.seconds if self.seconds else None,
        }

    def render(self) -> str:
        """Return the scores as text."""
        from nextword.tasks.tagging.evaluation.rendering import render_scores

        return render_scores(self)


def evaluate_tagger(tagger: Tagger, sentences: Iterable[Sentence]) -> TaggingScores:
    """Compare the predictions of a tagger with the labels of sentences.

    Labels of spans are compared in the scheme of the training files, whatever the scheme of the
    sentences is.

    Args:
        tagger: The tagger.
        sentences: Sentences with labels; they are read once and not kept.

    Raises:
        DataError: The tagger knows none of the labels, so they are not those that it predicts.
    """
    labels, spans, errors = LabelCounts(), SpanCounts(), TagErrors(tagger.is_known)
    expected_labels: Counter[str] = Counter()
    num_sentences, started = 0, time.perf_counter()
    codec = tagger.parts.codec
    for found, tokens in tagged(tagger, sentences):
        # A file may have another scheme of spans than the training files.
        sentence = replace(found, labels=tuple(codec.in_file_scheme(found.labels or ())))
        expected, predicted = sentence.labels or (), [token.label for token in tokens]
        num_sentences += 1
        labels.add(expected, predicted)
        spans.add(expected, predicted)
        errors.add(sentence, predicted)
        expected_labels.update(expected)
    known_labels = set(tagger.labels)
    if expected_labels and known_labels.isdisjoint(expected_labels):
        raise _no_common_label(expected_labels, tagger.labels)
    has_spans = codec.has_spans
    return TaggingScores(
        num_sentences=num_sentences,
        labels=labels.scores(),
        spans=spans.total() if has_spans else None,
        span_types=spans.per_type() if has_spans else {},
        known=errors.known,
        unknown=errors.unknown,
        new_labels={
            label: count
            for label, count in expected_labels.most_common()
            if label not in known_labels
        },
        errors=tuple(errors.most_frequent(_NUM_ERRORS)),
        counts=labels,
        seconds=time.perf_counter() - started,
    )


def _no_common_label(expected: Counter[str], predicted: Sequence[str]) -> DataError:
    found = ", ".join(repr(label) for label, _ in expected.most_common(3))
    known = ", ".join(repr(label) for label in predicted[:3])
    return DataError(
        f"none of the labels ({found}, ...) is a label of the tagger ({known}, ...).",
        help="Name the column of the labels with --column.",
    )


def _span_values(scores: SpanScores) -> Values:
    return {
        "precision": scores.precision,
        "recall": scores.recall,
        "f1": scores.f1,
        "support": scores.num_expected,
        "num_predicted": scores.num_predicted,
    }

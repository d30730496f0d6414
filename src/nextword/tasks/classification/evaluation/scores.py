"""Evaluation of a classifier on labelled texts."""

import math
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import tee

from nextword.base import Values
from nextword.pages import Printed
from nextword.tasks.classification.classifier import ClassifiedText, Classifier
from nextword.tasks.classification.files import TextRow
from nextword.tasks.classification.predictor import READ_AHEAD
from nextword.tasks.metrics import (
    Calibration,
    CalibrationCounts,
    ConfusionMatrix,
    LabelCounts,
    LabelScores,
    MultiLabelCounts,
)

#: Smallest probability whose logarithm is taken; float32 rounds smaller ones to 0.
_SMALLEST = 1e-38


@dataclass(frozen=True, kw_only=True)
class ClassificationScores(Printed):
    """The scores of a classifier on labelled texts.

    Attributes:
        labels: Accuracy and F1, and precision, recall and F1 of each label. With several labels per
            text, a text is right if its whole set of labels is.
        multi_label: Whether a text may have any number of labels.
        nll_per_text: Mean negative log-likelihood of the expected labels, in nats; None if the
            training data lack one of them.
        confusion: The confusion matrix; None with several labels per text.
        calibration: Reliability of the probability of the predicted label; with several labels per
            text, of the probability of each label.
        new_labels: Labels that the training data lack, with their number of texts. They are never
            predicted, so these texts count as wrong.
        seconds: Duration of the prediction.
    """

    labels: LabelScores
    multi_label: bool
    nll_per_text: float | None
    confusion: ConfusionMatrix | None
    calibration: Calibration
    new_labels: dict[str, int]
    seconds: float

    @property
    def score(self) -> float:
        """The figure that decides which model is the best: accuracy, or micro F1 of label sets."""
        return self.labels.micro_f1 if self.multi_label else self.labels.accuracy

    def headline(self) -> tuple[str, str]:
        """Return the name and the value of the most important score."""
        name = "micro F1" if self.multi_label else "accuracy"
        return name, f"{100.0 * self.score:.2f} %"

    def to_dict(self) -> Values:
        """Return the scores as JSON values."""
        num_items = self.labels.num_items
        return {
            "num_items": num_items,
            "accuracy": self.labels.accuracy,
            "macro_f1": self.labels.macro_f1,
            "micro_f1": self.labels.micro_f1,
            "nll_per_text": self.nll_per_text,
            "expected_calibration_error": self.calibration.expected_calibration_error,
            "per_label": {name: asdict(each) for name, each in self.labels.per_label.items()},
            "confusion": None if self.confusion is None else self.confusion.to_dict(),
            "calibration": self.calibration.to_dict(),
            "new_labels": self.new_labels,
            "seconds": self.seconds,
            "texts_per_second": num_items / self.seconds if self.seconds else None,
        }

    def render(self) -> str:
        """Return the scores as text."""
        from nextword.tasks.classification.evaluation.rendering import render_scores

        return render_scores(self)


class ClassificationCounts:
    """Sums over labelled texts, from which scores are computed; the texts are not kept.

    Args:
        classifier: The classifier.
    """

    def __init__(self, classifier: Classifier) -> None:
        self._known = classifier.labels
        self._multi_label = classifier.parts.config.multi_label
        self._singles, self._sets = LabelCounts(), MultiLabelCounts()
        self._calibration = CalibrationCounts()
        self._new_labels: Counter[str] = Counter()
        self._nll_sum = 0.0
        self._started = time.perf_counter()

    def add(self, row: TextRow, found: ClassifiedText) -> None:
        """Count a text.

        Args:
            row: The text with its labels.
            found: Its prediction.
        """
        self._new_labels.update(set(row.labels).difference(self._known))
        if self._multi_label:
            self._sets.add([row.labels], [found.labels])
            is_present = [label in row.labels for label in found.probabilities]
            self._calibration.add(found.probabilities.values(), is_present)
            chances = [
                value if here else 1.0 - value
                for value, here in zip(found.probabilities.values(), is_present, strict=True)
            ]
        else:
            self._singles.add(row.labels, found.labels)
            best = found.probabilities[found.labels[0]]
            self._calibration.add([best], [row.labels == found.labels])
            chances = [found.probabilities.get(row.labels[0], 0.0)]
        self._nll_sum -= sum(math.log(max(chance, _SMALLEST)) for chance in chances)

    def scores(self) -> ClassificationScores:
        """Return the scores of all texts counted so far."""
        counts = self._sets if self._multi_label else self._singles
        labels = counts.scores()
        nll = self._nll_sum / labels.num_items if labels.num_items else math.nan
        return ClassificationScores(
            labels=labels,
            multi_label=self._multi_label,
            nll_per_text=None if self._new_labels else nll,
            confusion=None if self._multi_label else self._singles.confusion(self._known),
            calibration=self._calibration.calibration(),
            new_labels=dict(sorted(self._new_labels.items())),
            seconds=time.perf_counter() - self._started,
        )


def evaluate_classifier(classifier: Classifier, rows: Iterable[TextRow]) -> ClassificationScores:
    """Compare the predictions of a classifier with the labels of texts.

    Args:
        classifier: The classifier.
        rows: Texts with labels; they are read once and not kept.
    """
    counts = ClassificationCounts(classifier)
    for row, found in classified_rows(classifier, rows):
        counts.add(row, found)
    return counts.scores()


def classified_rows(
    classifier: Classifier, rows: Iterable[TextRow], *, read_ahead: int | None = None
) -> Iterator[tuple[TextRow, ClassifiedText]]:
    """Iterate over texts with their predictions, in order and in bounded memory.

    Args:
        classifier: The classifier.
        rows: The texts.
        read_ahead: Number of texts that are read before the first one is returned; 1,024 when None.
    """
    for_texts, kept = tee(rows)
    found = classifier.predict(
        (row.text for row in for_texts),
        read_ahead=READ_AHEAD if read_ahead is None else read_ahead,
    )
    # The predictions come first: a text is kept only after it has been read.
    for prediction, row in zip(found, kept, strict=False):
        yield row, prediction

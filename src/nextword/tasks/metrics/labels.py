"""Accuracy, precision, recall and F1 of predicted labels. Knows no models and no files."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean

from nextword.base import Values
from nextword.tasks.metrics.confusion import ConfusionMatrix


@dataclass(frozen=True, kw_only=True)
class LabelScore:
    """Precision, recall and F1 of one label.

    Attributes:
        precision: Share of the items predicted with the label that have it; None if no item is.
        recall: Share of the items with the label that are predicted with it; None if no item has
            the label.
        f1: Harmonic mean of precision and recall: 2 tp / (number predicted + support).
        support: Number of items that have the label.
        num_predicted: Number of items predicted with the label.
    """

    precision: float | None
    recall: float | None
    f1: float
    support: int
    num_predicted: int


@dataclass(frozen=True, kw_only=True)
class LabelScores:
    """Scores of predicted labels.

    Attributes:
        num_items: Number of items.
        accuracy: Share of the items whose label, or whose whole set of labels, is right.
        macro_f1: Mean F1 of the labels in `per_label`, each with the same weight.
        micro_f1: F1 of all decisions together. Equal to the accuracy if each item has one label.
        per_label: Scores of every label that is expected or predicted at least once, sorted by
            label. Labels that occur in neither count in no average.
    """

    num_items: int
    accuracy: float
    macro_f1: float
    micro_f1: float
    per_label: dict[str, LabelScore]

    def to_dict(self) -> Values:
        """Return the scores as JSON values."""
        return asdict(self)


class LabelCounts:
    """Counts of expected and predicted labels; the items themselves are not kept.

    Example:
        >>> counts = LabelCounts()
        >>> counts.add(["noun", "verb", "noun"], ["noun", "noun", "noun"])
        >>> scores = counts.scores()
        >>> round(scores.accuracy, 3), scores.per_label["noun"].precision == 2 / 3
        (0.667, True)
    """

    def __init__(self) -> None:
        self._pairs: Counter[tuple[str, str]] = Counter()

    def add(self, expected: Iterable[str], predicted: Iterable[str]) -> None:
        """Count items.

        Args:
            expected: The true label of each item.
            predicted: The predicted label of each item, in the same order.

        Raises:
            ValueError: There are not as many predicted labels as expected ones.
        """
        self._pairs.update(zip(expected, predicted, strict=True))

    def scores(self) -> LabelScores:
        """Return the scores of all items counted so far; NaN if there are none."""
        expected, predicted, right = Counter[str](), Counter[str](), Counter[str]()
        for (true_label, label), number in self._pairs.items():
            expected[true_label] += number
            predicted[label] += number
            right[label] += number if label == true_label else 0
        num_items = self._pairs.total()
        accuracy = right.total() / num_items if num_items else float("nan")
        return _scores(expected, predicted, right, num_items=num_items, accuracy=accuracy)

    def confusion(self, labels: Sequence[str] | None = None) -> ConfusionMatrix:
        """Return the confusion matrix.

        Args:
            labels: Order of the labels. Labels that are not named follow, sorted.
        """
        return ConfusionMatrix.from_pairs(self._pairs, labels=labels)


class MultiLabelCounts:
    """Counts for items with any number of labels, none included.

    Example:
        >>> counts = MultiLabelCounts()
        >>> counts.add([{"red", "round"}, set()], [{"red"}, set()])
        >>> counts.scores().accuracy, counts.scores().per_label["round"].recall
        (0.5, 0.0)
    """

    def __init__(self) -> None:
        self._expected: Counter[str] = Counter()
        self._predicted: Counter[str] = Counter()
        self._right: Counter[str] = Counter()
        self._num_items = 0
        self._num_exact = 0

    def add(
        self, expected: Iterable[Collection[str]], predicted: Iterable[Collection[str]]
    ) -> None:
        """Count items.

        Args:
            expected: The true labels of each item.
            predicted: The predicted labels of each item, in the same order.

        Raises:
            ValueError: There are not as many predicted sets as expected ones.
        """
        for true_labels, labels in zip(map(set, expected), map(set, predicted), strict=True):
            self._num_items += 1
            self._num_exact += true_labels == labels
            self._expected.update(true_labels)
            self._predicted.update(labels)
            self._right.update(true_labels & labels)

    def scores(self) -> LabelScores:
        """Return the scores of all items counted so far; NaN if there are none."""
        accuracy = self._num_exact / self._num_items if self._num_items else float("nan")
        return _scores(
            self._expected,
            self._predicted,
            self._right,
            num_items=self._num_items,
            accuracy=accuracy,
        )


def _scores(
    expected: Counter[str],
    predicted: Counter[str],
    right: Counter[str],
    *,
    num_items: int,
    accuracy: float,
) -> LabelScores:
    per_label = {
        label: LabelScore(
            precision=right[label] / predicted[label] if predicted[label] else None,
            recall=right[label] / expected[label] if expected[label] else None,
            f1=2 * right[label] / (expected[label] + predicted[label]),
            support=expected[label],
            num_predicted=predicted[label],
        )
        for label in sorted(expected.keys() | predicted.keys())
        if expected[label] + predicted[label]
    }
    decisions = expected.total() + predicted.total()
    return LabelScores(
        num_items=num_items,
        accuracy=accuracy,
        macro_f1=fmean(each.f1 for each in per_label.values()) if per_label else float("nan"),
        micro_f1=2 * right.total() / decisions if decisions else float("nan"),
        per_label=per_label,
    )

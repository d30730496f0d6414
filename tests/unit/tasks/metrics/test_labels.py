"""Scores of labels, with scikit-learn as the oracle."""

import math

import numpy as np
import pytest

from label_lists import LABELS, random_labels
from nextword.tasks.metrics import LabelCounts, MultiLabelCounts


@pytest.mark.peer
@pytest.mark.parametrize("seed", range(5))
def test_scores_of_single_labels_equal_those_of_scikit_learn(seed: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    expected, predicted = random_labels(seed)
    counts = LabelCounts()
    counts.add(expected[:7], predicted[:7])
    counts.add(expected[7:], predicted[7:])
    scores = counts.scores()

    report = metrics.classification_report(expected, predicted, output_dict=True, zero_division=0)

    assert scores.accuracy == pytest.approx(report["accuracy"], rel=1e-12)
    assert scores.macro_f1 == pytest.approx(report["macro avg"]["f1-score"], rel=1e-12)
    assert scores.micro_f1 == pytest.approx(report["accuracy"], rel=1e-12)
    for label, score in scores.per_label.items():
        row = report[label]
        assert (score.precision or 0.0) == pytest.approx(row["precision"], rel=1e-12)
        assert (score.recall or 0.0) == pytest.approx(row["recall"], rel=1e-12)
        assert score.f1 == pytest.approx(row["f1-score"], rel=1e-12)
        assert score.support == row["support"]


@pytest.mark.peer
def test_scores_of_label_sets_equal_those_of_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    generator = np.random.default_rng(3)
    expected = generator.random((50, 4)) < 0.3
    predicted = expected ^ (generator.random((50, 4)) < 0.2)
    counts = MultiLabelCounts()
    counts.add(
        *([{LABELS[i] for i in np.flatnonzero(row)} for row in m] for m in (expected, predicted))
    )
    scores = counts.scores()

    assert scores.accuracy == pytest.approx(metrics.accuracy_score(expected, predicted), rel=1e-12)
    for average in ("macro", "micro"):
        value = metrics.f1_score(expected, predicted, average=average)
        assert getattr(scores, f"{average}_f1") == pytest.approx(value, rel=1e-12)


def test_precision_of_a_label_that_is_never_predicted_is_none() -> None:
    counts = LabelCounts()
    counts.add(["a", "b"], ["a", "a"])

    score = counts.scores().per_label["b"]

    assert (score.precision, score.recall, score.f1) == (None, 0.0, 0.0)


def test_recall_of_a_label_that_is_never_expected_is_none() -> None:
    counts = LabelCounts()
    counts.add(["a", "a"], ["a", "b"])

    assert counts.scores().per_label["b"].recall is None


@pytest.mark.parametrize("kind", [LabelCounts, MultiLabelCounts])
def test_scores_of_no_items_are_nan(kind: type[LabelCounts | MultiLabelCounts]) -> None:
    scores = kind().scores()

    assert scores.num_items == 0
    assert all(map(math.isnan, (scores.accuracy, scores.macro_f1, scores.micro_f1)))


@pytest.mark.parametrize("kind", [LabelCounts, MultiLabelCounts])
def test_add_of_different_lengths_is_refused(kind: type[LabelCounts | MultiLabelCounts]) -> None:
    with pytest.raises(ValueError, match="shorter"):
        kind().add(["a", "b"], ["a"])


def test_empty_sets_of_labels_count_as_right_items() -> None:
    counts = MultiLabelCounts()
    counts.add([set(), {"a"}], [set(), set()])

    assert counts.scores().accuracy == 0.5

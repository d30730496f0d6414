"""Scores of a classifier on labelled texts."""

import math

import pytest

from classifiers import made_rows, new_classifier
from nextword.tasks.classification import TextRow, classified_rows, evaluate_classifier


def test_scores_are_those_of_the_predictions() -> None:
    classifier, rows = new_classifier(), made_rows(40, seed=2)
    probabilities = list(classifier.classify_texts(row.text for row in rows))

    scores = evaluate_classifier(classifier, rows)

    right = [next(iter(p)) == row.labels[0] for p, row in zip(probabilities, rows, strict=True)]
    nll = [-math.log(p[row.labels[0]]) for p, row in zip(probabilities, rows, strict=True)]
    assert scores.labels.accuracy == sum(right) / 40
    assert scores.nll_per_text == pytest.approx(sum(nll) / 40, rel=1e-6)
    assert scores.calibration.num_items == 40
    assert scores.confusion is not None
    assert scores.confusion.num_items == 40


def test_labels_that_training_lacks_count_as_wrong_and_are_named() -> None:
    row = TextRow(text="a film", labels=("other",), place="made:1")

    scores = evaluate_classifier(new_classifier(), [row])

    assert scores.labels.accuracy == 0.0
    assert scores.new_labels == {"other": 1}
    assert scores.nll_per_text is None
    assert "other (1): counted as wrong" in scores.render()


def test_scores_of_several_labels_count_whole_sets() -> None:
    classifier = new_classifier(classification={"multi_label": True, "threshold": 0.001})
    rows = [
        TextRow(text="a", labels=("neg", "pos"), place="made:1"),
        TextRow(text="b", labels=("pos",), place="made:2"),
    ]

    scores = evaluate_classifier(classifier, rows)

    assert scores.labels.accuracy == 0.5
    assert scores.labels.micro_f1 == pytest.approx(2 * 3 / 7)
    assert scores.calibration.num_items == 4
    assert scores.confusion is None


def test_scores_of_no_texts_can_be_shown() -> None:
    scores = evaluate_classifier(new_classifier(), [])

    assert scores.labels.num_items == 0
    assert "nan" in scores.render()


def test_classified_rows_keep_the_order_over_groups() -> None:
    classifier, rows = new_classifier(), made_rows(25, seed=3)

    found = list(classified_rows(classifier, iter(rows), read_ahead=4))

    assert [row for row, _ in found] == rows
    assert [" ".join(each.words) for _, each in found] == [row.text for row in rows]


def test_classified_rows_read_no_further_than_needed() -> None:
    num_read = 0

    def endless() -> object:
        nonlocal num_read
        while True:
            num_read += 1
            yield TextRow(text="a film", place="made:1")

    found = classified_rows(new_classifier(), endless(), read_ahead=1)
    next(found)

    assert num_read == 1

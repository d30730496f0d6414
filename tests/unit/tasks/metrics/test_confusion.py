"""Confusion matrices: counts, errors and pictures."""

from pathlib import Path

import numpy as np
import pytest

from label_lists import random_labels
from nextword.tasks.metrics import ConfusionMatrix, LabelCounts


def matrix_of(num_labels: int, *, name: str = "label{}") -> ConfusionMatrix:
    generator = np.random.default_rng(num_labels)
    counts = generator.integers(0, 2000, (num_labels, num_labels))
    return ConfusionMatrix(
        labels=tuple(name.format(i) for i in range(num_labels)), counts=counts.astype(np.int64)
    )


@pytest.mark.peer
def test_confusion_equals_that_of_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    expected, predicted = random_labels(4)
    counts = LabelCounts()
    counts.add(expected, predicted)

    matrix = counts.confusion()

    reference = metrics.confusion_matrix(expected, predicted, labels=list(matrix.labels))
    assert matrix.counts.tolist() == reference.tolist()


def test_confusion_keeps_the_given_order_and_appends_other_labels() -> None:
    counts = LabelCounts()
    counts.add(["b", "z"], ["a", "b"])

    assert counts.confusion(["b", "c", "a"]).labels == ("b", "c", "a", "z")


def test_most_confused_lists_errors_by_frequency() -> None:
    counts = LabelCounts()
    counts.add(["a"] * 5 + ["b"] * 3, ["a", "a", "a", "b", "b", "a", "b", "b"])

    assert counts.confusion().most_confused() == [("a", "b", 2), ("b", "a", 1)]


def test_most_frequent_joins_rare_labels_without_losing_items() -> None:
    matrix = matrix_of(80)

    smaller = matrix.most_frequent(60)

    assert smaller.labels[-1] == "(21 other labels)"
    assert smaller.num_items == matrix.num_items


def test_table_has_labels_in_the_first_row_and_column() -> None:
    counts = LabelCounts()
    counts.add(["a", "b"], ["a", "a"])

    assert counts.confusion().table() == "expected \\ predicted\ta\tb\na\t1\t0\nb\t1\t0\n"


@pytest.mark.parametrize("num_labels", [1, 2, 60, 200])
def test_draw_confusion_writes_a_png_of_bounded_size(num_labels: int, tmp_path: Path) -> None:
    matrix_of(num_labels).draw(tmp_path / "confusion.png")

    content = (tmp_path / "confusion.png").read_bytes()
    width, height = (int.from_bytes(content[i : i + 4]) for i in (16, 20))
    assert content.startswith(b"\x89PNG")
    assert 400 < width < 3500
    assert 350 < height < 3500


@pytest.mark.parametrize("name", ["$_{{{}$", "標籤{}", "x" * 300 + "{}", "\\alpha^{{{}"])
def test_draw_confusion_accepts_labels_of_any_characters(name: str, tmp_path: Path) -> None:
    matrix_of(3, name=name).draw(tmp_path / "confusion.png")

    assert (tmp_path / "confusion.png").stat().st_size > 1000

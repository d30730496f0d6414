"""Expected calibration error and reliability bins."""

import math
from pathlib import Path

import numpy as np
import pytest

from nextword.base import ConfigError
from nextword.tasks.metrics import CalibrationCounts


def counts_of(probabilities: list[float], right: list[bool], *, num_bins: int) -> CalibrationCounts:
    counts = CalibrationCounts(num_bins=num_bins)
    counts.add(probabilities, right)
    return counts


def test_error_equals_the_definition_computed_bin_by_bin() -> None:
    generator = np.random.default_rng(1)
    probabilities = generator.random(500)
    right = generator.random(500) < probabilities**2
    expected = 0.0
    for k in range(10):
        inside = (probabilities > k / 10) & (probabilities <= (k + 1) / 10)
        gap = abs(probabilities[inside].mean() - right[inside].mean())
        expected += inside.sum() / 500 * gap

    found = counts_of(probabilities.tolist(), right.tolist(), num_bins=10).calibration()

    assert found.expected_calibration_error == pytest.approx(expected, rel=1e-12)


@pytest.mark.peer
def test_bins_equal_the_calibration_curve_of_scikit_learn() -> None:
    calibration = pytest.importorskip("sklearn.calibration")
    generator = np.random.default_rng(2)
    probabilities = generator.random(300)
    right = generator.random(300) < probabilities
    accuracy, confidence = calibration.calibration_curve(right, probabilities, n_bins=8)

    bins = counts_of(probabilities.tolist(), right.tolist(), num_bins=8).calibration().bins

    assert [each.accuracy for each in bins] == pytest.approx(accuracy.tolist(), rel=1e-12)
    assert [each.confidence for each in bins] == pytest.approx(confidence.tolist(), rel=1e-12)


@pytest.mark.parametrize(("probability", "place"), [(0.0, 0), (0.5, 0), (0.500001, 1), (1.0, 1)])
def test_bins_include_their_upper_end(probability: float, place: int) -> None:
    bins = counts_of([probability], [True], num_bins=2).calibration().bins

    assert [each.num_items for each in bins] == [int(k == place) for k in range(2)]


def test_adding_in_parts_changes_nothing() -> None:
    whole = counts_of([0.1, 0.8, 0.9], [True, False, True], num_bins=3)
    parts = counts_of([0.1], [True], num_bins=3)
    parts.add([0.8, 0.9], [False, True])

    assert parts.calibration() == whole.calibration()


def test_error_of_no_predictions_is_nan() -> None:
    assert math.isnan(CalibrationCounts().calibration().expected_calibration_error)


@pytest.mark.parametrize("value", [-0.01, 1.01, math.nan])
def test_add_refuses_what_is_no_probability(value: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        CalibrationCounts().add([value], [True])


def test_counts_without_bins_are_refused() -> None:
    with pytest.raises(ConfigError, match="num_bins is 0"):
        CalibrationCounts(num_bins=0)


@pytest.mark.parametrize("probabilities", [[], [0.3, 0.8]])
def test_draw_reliability_writes_a_png(probabilities: list[float], tmp_path: Path) -> None:
    calibration = counts_of(probabilities, [True] * len(probabilities), num_bins=5).calibration()

    calibration.draw(tmp_path / "reliability.png")

    assert (tmp_path / "reliability.png").read_bytes().startswith(b"\x89PNG")

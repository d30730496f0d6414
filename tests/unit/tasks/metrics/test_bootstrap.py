"""Bootstrap intervals of metrics and of differences."""

import numpy as np
import pytest

from label_lists import random_labels
from nextword.base import ConfigError
from nextword.tasks.metrics import (
    LabelCounts,
    accuracy_metric,
    bootstrap_difference,
    bootstrap_interval,
    macro_f1_metric,
    micro_f1_metric,
)


def test_interval_of_an_accuracy_is_close_to_the_binomial_one() -> None:
    right = np.arange(1000) < 800

    interval = bootstrap_interval(accuracy_metric(right), num_items=1000)

    half_width = 1.96 * (0.8 * 0.2 / 1000) ** 0.5
    assert interval.value == 0.8
    assert interval.low == pytest.approx(0.8 - half_width, abs=0.004)
    assert interval.high == pytest.approx(0.8 + half_width, abs=0.004)


def test_interval_with_the_same_seed_is_the_same() -> None:
    metric = accuracy_metric(np.arange(50) < 30)

    first, again = (bootstrap_interval(metric, num_items=50, num_samples=50) for _ in range(2))

    assert first == again


def test_difference_of_a_system_with_itself_is_zero() -> None:
    metric = accuracy_metric(np.arange(50) < 30)

    interval = bootstrap_difference(metric, metric, num_items=50, num_samples=50)

    assert (interval.value, interval.low, interval.high) == (0.0, 0.0, 0.0)
    assert interval.share_above_zero == 0.0


def test_difference_uses_the_same_items_for_both_systems() -> None:
    right = np.arange(400) < 200
    better = accuracy_metric(right | (np.arange(400) < 220))

    interval = bootstrap_difference(better, accuracy_metric(right), num_items=400)

    # Unpaired, the standard deviation of the difference would be 0.035.
    assert interval.value == pytest.approx(0.05)
    assert 0.025 < interval.low < interval.high < 0.075
    assert interval.share_above_zero == 1.0


@pytest.mark.parametrize("seed", range(3))
def test_macro_f1_of_all_items_equals_that_of_the_counts(seed: int) -> None:
    expected, predicted = random_labels(seed)
    counts = LabelCounts()
    counts.add(expected, predicted)

    metric = macro_f1_metric(expected, predicted)

    assert metric(np.ones(40, dtype=np.int64)) == pytest.approx(counts.scores().macro_f1, rel=1e-12)


def test_macro_f1_counts_items_as_often_as_they_are_drawn() -> None:
    expected, predicted = random_labels(7)
    drawn = np.random.default_rng(8).integers(0, 3, 40)
    counts = LabelCounts()
    counts.add(np.repeat(expected, drawn).tolist(), np.repeat(predicted, drawn).tolist())

    value = macro_f1_metric(expected, predicted)(drawn)

    assert value == pytest.approx(counts.scores().macro_f1, rel=1e-12)


def test_micro_f1_is_that_of_the_summed_counts() -> None:
    right, expected, predicted = (np.array(each) for each in ([1, 0, 2], [2, 1, 2], [1, 3, 2]))

    metric = micro_f1_metric(right, expected, predicted)

    assert metric(np.ones(3, dtype=np.int64)) == 2 * 3 / 11
    assert metric(np.array([0, 0, 0])) == 0.0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_items": 0}, "there are no items"),
        ({"num_items": 5, "num_samples": 0}, "num_samples is 0"),
        ({"num_items": 5, "level": 1.0}, r"level is 1\.0"),
    ],
)
def test_interval_refuses_impossible_settings(settings: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        bootstrap_interval(accuracy_metric(np.ones(5, dtype=bool)), **settings)


def test_macro_f1_refuses_lists_of_different_lengths() -> None:
    with pytest.raises(ConfigError, match="1 labels are predicted for 2 items"):
        macro_f1_metric(["a", "b"], ["a"])

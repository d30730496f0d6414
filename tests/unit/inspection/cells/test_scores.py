import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.inspection.cells import auc, correlation
from nextword.inspection.cells.scores import aucs, correlations, directed, strength


def brute_force_auc(values: np.ndarray, labels: np.ndarray) -> float:
    pairs = [
        1.0 if high > low else 0.5 if high == low else 0.0
        for high in values[labels == 1]
        for low in values[labels == 0]
    ]
    return float(np.mean(pairs))


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40))
def test_auc_equals_that_over_all_pairs(items: list[tuple[int, bool]]) -> None:
    values = np.array([value for value, _ in items], dtype=float)
    labels = np.array([label for _, label in items], dtype=float)
    if len(set(labels.tolist())) < 2:
        return

    assert auc(values, labels) == pytest.approx(brute_force_auc(values, labels))


def test_auc_equals_that_of_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    generator = np.random.default_rng(0)
    values = generator.normal(size=300).round(1)
    labels = (generator.random(300) < 0.3).astype(float)

    assert auc(values, labels) == pytest.approx(metrics.roc_auc_score(labels, values))


def test_correlation_equals_that_of_numpy() -> None:
    values = np.random.default_rng(0).normal(size=50)
    numbers = values + np.random.default_rng(1).normal(size=50)

    assert correlation(values, numbers) == pytest.approx(np.corrcoef(values, numbers)[0, 1])


def test_correlation_of_a_constant_is_zero() -> None:
    assert correlation(np.ones(4), np.arange(4.0)) == 0.0


def test_strength_ignores_the_direction() -> None:
    assert strength(np.array([0.2, 0.9]), kind="binary").tolist() == [0.8, 0.9]
    assert strength(np.array([-0.2, 0.9]), kind="numeric").tolist() == [0.2, 0.9]


def test_directed_score_is_low_where_the_direction_turns() -> None:
    assert directed(0.9, is_rising=False, kind="binary") == pytest.approx(0.1)
    assert directed(0.9, is_rising=False, kind="numeric") == -0.9


def test_scores_of_many_units_equal_those_of_one() -> None:
    generator = np.random.default_rng(0)
    values = generator.normal(size=(30, 150)).round(1)
    labels = np.stack([np.arange(30) % 2, np.arange(30) < 7]).astype(float)

    areas, found = aucs(values, labels), correlations(values, np.arange(30.0))

    assert areas.shape == (2, 150)
    for unit in (0, 63, 64, 149):
        assert areas[:, unit].tolist() == [auc(values[:, unit], each) for each in labels]
        assert found[unit] == pytest.approx(correlation(values[:, unit], np.arange(30.0)))

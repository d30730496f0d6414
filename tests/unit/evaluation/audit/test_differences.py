"""How far apart scores are."""

import math

import pytest
import torch

from nextword.base import ShapeError
from nextword.evaluation.audit.differences import largest_difference, worst

INF, NAN = math.inf, math.nan


@pytest.mark.parametrize(
    ("actual", "expected", "difference"),
    [
        ([1.0, 2.0], [1.0, 2.5], 0.5),
        ([-INF, 1.0], [-INF, 1.0], 0.0),
        ([-INF], [-40.0], INF),
        ([INF], [-INF], INF),
        ([], [], 0.0),
    ],
)
def test_largest_difference_of_scores_is_nats(
    actual: list[float], expected: list[float], difference: float
) -> None:
    assert largest_difference(torch.tensor(actual), torch.tensor(expected)) == difference


@pytest.mark.parametrize(("actual", "expected"), [([NAN, 0.0], [0.0, 0.0]), ([NAN], [NAN])])
def test_largest_difference_with_a_nan_is_nan(actual: list[float], expected: list[float]) -> None:
    assert math.isnan(largest_difference(torch.tensor(actual), torch.tensor(expected)))


def test_largest_difference_of_other_shapes_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"scores have shape \(2,\); expected \(3,\)"):
        largest_difference(torch.zeros(2), torch.zeros(3))


def test_worst_with_a_nan_is_nan() -> None:
    assert math.isnan(worst([NAN, 3.0]))
    assert worst([1.0, INF]) == INF

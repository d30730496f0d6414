"""Where a bucket ends, and what thresholds are refused."""

import re

import pytest

from nextword.base import ConfigError, DataError
from nextword.filtering.buckets import (
    bucket_of,
    check_quantiles,
    check_thresholds,
    quantile_thresholds,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.0, "head"), (2.0, "head"), (2.1, "middle"), (3.0, "middle"), (3.1, "tail"), (None, "tail")],
)
def test_bucket_ends_with_its_threshold(value: float | None, expected: str) -> None:
    assert bucket_of(value, (2.0, 3.0)) == expected


def test_quantile_thresholds_leave_out_documents_without_a_figure() -> None:
    assert quantile_thresholds([None, 5.0, 1.0, None, 3.0], (0.5, 1.0)) == (3.0, 5.0)


def test_quantile_thresholds_of_no_figures_are_refused() -> None:
    with pytest.raises(DataError, match="no document of the sample has a finite perplexity"):
        quantile_thresholds([None], (0.5, 1.0))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((2.0,), "thresholds are 2; 2 numbers are expected"),
        ((3.0, 2.0), "thresholds are 3, 2; they must be at least 0, finite and in ascending order"),
        ((-1.0, 2.0), "thresholds are -1, 2"),
        ((1.0, float("inf")), "thresholds are 1, inf"),
        ((float("nan"), 2.0), "thresholds are nan, 2"),
    ],
)
def test_thresholds_out_of_order_are_refused(values: tuple[float, ...], message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        check_thresholds(values)


def test_quantiles_above_one_are_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"quantiles are 0.5, 2; they must be at least 0, at most"
    ):
        check_quantiles((0.5, 2.0))

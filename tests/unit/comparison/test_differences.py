"""Differences between rows with bootstrap intervals."""

import math

import numpy as np
import pytest

from nextword.comparison.differences import LineScores, difference_to, sum_by_line


def scores(mean: float, *, seed: int = 1, num_lines: int = 200) -> LineScores:
    generator = np.random.default_rng(seed)
    units = generator.integers(3, 20, num_lines)
    nll = units * mean + generator.normal(0, 0.3, num_lines)
    return LineScores(nll=nll[None], num_units=units)


def test_a_row_does_not_differ_from_itself() -> None:
    found = difference_to(scores(4.0), scores(4.0), figure="perplexity", name="best")

    assert found is not None
    assert (found["value"], found["low"], found["high"]) == (0.0, 0.0, 0.0)


def test_the_difference_is_that_of_the_perplexities() -> None:
    best, worse = scores(4.0), scores(4.2)
    found = difference_to(best, worse, figure="perplexity", name="best")

    expected = math.exp(worse.nll.sum() / worse.num_units.sum()) - math.exp(
        best.nll.sum() / best.num_units.sum()
    )
    assert found is not None
    assert found["value"] == pytest.approx(expected)
    assert found["low"] < expected < found["high"]
    assert found["low"] > 0


def test_bits_per_byte_are_bits() -> None:
    one = LineScores(nll=np.full((1, 30), math.log(2.0) * 8), num_units=np.full(30, 4))
    other = LineScores(nll=np.full((1, 30), math.log(2.0) * 12), num_units=np.full(30, 4))

    found = difference_to(one, other, figure="bits_per_byte", name="one")

    assert found is not None
    assert found["value"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    "other",
    [
        scores(4.0, num_lines=199),
        LineScores(nll=np.full((1, 200), np.inf), num_units=np.ones(200, dtype=np.int64)),
    ],
)
def test_rows_that_do_not_fit_have_no_difference(other: LineScores) -> None:
    assert difference_to(scores(4.0), other, figure="perplexity", name="best") is None


def test_few_lines_have_no_interval() -> None:
    few = scores(4.0, num_lines=19)
    assert difference_to(few, few, figure="perplexity", name="best") is None


def test_scores_of_lines() -> None:
    assert sum_by_line(np.arange(5.0), np.array([0, 2, 5])).tolist() == [1.0, 9.0]


def test_the_figure_of_several_seeds_is_the_mean_of_their_perplexities() -> None:
    best = scores(4.0)
    seeds = [best.nll + shift * best.num_units for shift in (0.0, 1.0)]
    worse = LineScores(nll=np.concatenate(seeds), num_units=best.num_units)

    found = difference_to(best, worse, figure="perplexity", name="best")

    first, second = (math.exp(each.sum() / best.num_units.sum()) for each in seeds)
    assert found is not None
    assert found["value"] == pytest.approx((first + second) / 2 - first)
    # The seeds differ by a constant factor, so every sample has the same relative difference.
    assert found["low"] == pytest.approx(found["value"], rel=0.02)
    assert found["low"] < found["value"] < found["high"]

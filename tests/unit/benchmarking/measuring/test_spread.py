import pytest

from nextword.benchmarking.measuring import Spread


def test_spread_of_one_figure_is_that_figure() -> None:
    assert Spread.of([2.5]) == Spread(low=2.5, median=2.5, high=2.5, count=1)


def test_spread_does_not_hang_on_the_order() -> None:
    assert Spread.of([3.0, 1.0, 2.0]) == Spread.of([1.0, 2.0, 3.0])


def test_spread_leaves_an_outlier_out_of_its_middle() -> None:
    spread = Spread.of([1.0, 1.1, 1.2, 1.3, 100.0])

    assert (spread.median, spread.count) == (1.2, 5)
    assert spread.high == pytest.approx(1.3)


def test_spread_to_dict_has_its_keys() -> None:
    assert list(Spread.of([1.0]).to_dict()) == ["low", "median", "high", "count"]

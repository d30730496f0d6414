import numpy as np
import pytest

from nextword.ngrams import FALLBACK, Discounts, kneser_ney_discounts
from nextword.ngrams.smoothing.discounts import count_histogram


def counts(*numbers: int) -> np.ndarray:
    """So many n-grams of count 1, 2, 3 and 4."""
    return count_histogram(np.repeat(np.arange(1, len(numbers) + 1), numbers))


def test_discounts_follow_chen_and_goodman() -> None:
    discounts = kneser_ney_discounts(counts(100, 40, 20, 10))

    y = 100 / 180
    expected = (1 - 2 * y * 40 / 100, 2 - 3 * y * 20 / 40, 3 - 4 * y * 10 / 20)
    assert discounts.amounts == pytest.approx(expected)
    assert not discounts.used_fallback


@pytest.mark.parametrize("numbers", [(0, 4, 2, 1), (9, 0, 2, 1), (9, 4, 0, 1), ()])
def test_discounts_missing_count_of_counts_falls_back(numbers: tuple[int, ...]) -> None:
    assert kneser_ney_discounts(counts(*numbers)) == Discounts(amounts=FALLBACK, used_fallback=True)


def test_discounts_out_of_range_fall_back() -> None:
    # More n-grams seen three times than twice would take less than nothing off a count of 2.
    discounts = kneser_ney_discounts(counts(10, 2, 20, 1))

    assert discounts.used_fallback


def test_discounts_none_seen_four_times_takes_all_of_three() -> None:
    assert kneser_ney_discounts(counts(100, 40, 20)).amounts[2] == 3.0


def test_discounts_of_counts_takes_nothing_off_zero_and_the_same_off_three_and_more() -> None:
    discounts = Discounts(amounts=(0.5, 1.0, 1.5), used_fallback=True)

    assert discounts.of(np.array([0, 1, 2, 3, 99])).tolist() == [0.0, 0.5, 1.0, 1.5, 1.5]

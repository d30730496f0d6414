import numpy as np
import pytest

from nextword.ngrams.counting.sorting import sorted_with_places


@pytest.mark.parametrize("largest", [0, 5, 10**9, 2**62, 2**63 - 1])
@pytest.mark.parametrize("num", [0, 1, 2, 255, 1000])
def test_sorted_with_places_equals_sort(num: int, largest: int) -> None:
    keys = np.random.default_rng(num).integers(0, largest, num, endpoint=True)
    given = keys.copy()

    ordered, places = sorted_with_places(keys)

    np.testing.assert_array_equal(ordered, np.sort(keys))
    np.testing.assert_array_equal(keys[places], ordered)
    assert sorted(places.tolist()) == list(range(num))
    np.testing.assert_array_equal(keys, given)


@pytest.mark.parametrize("spare", [-1, 0, 1])
def test_sorted_with_places_at_the_largest_key_that_fits(spare: int) -> None:
    keys = np.array([2**61 - 1 + spare, 0, 2**61 - 1 + spare])

    ordered, places = sorted_with_places(keys)

    assert places[0] == 1
    assert sorted(places.tolist()) == [0, 1, 2]
    assert ordered.tolist() == [0, 2**61 - 1 + spare, 2**61 - 1 + spare]

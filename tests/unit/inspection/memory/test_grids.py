import pytest

from nextword.base import ConfigError
from nextword.inspection.memory import distances
from nextword.inspection.memory.grids import crossing


@pytest.mark.parametrize("largest", [1, 2, 4, 100, 200, 1500])
def test_distances_increase_from_1_to_the_largest(largest: int) -> None:
    grid = distances(largest)

    assert grid[0] == 1
    assert grid[-1] == largest
    assert list(grid) == sorted(set(grid))


def test_distances_below_1_are_refused() -> None:
    with pytest.raises(ConfigError, match="max_distance is 0"):
        distances(0)


def test_crossing_of_values_that_stay_above_is_none() -> None:
    assert crossing((1, 2), (3.0, 2.0), level=1.0) is None


def test_crossing_at_the_first_place() -> None:
    assert crossing((1, 2), (0.0, 0.0), level=0.0) == 1.0

"""Distances at which an instrument measures: nearly even on a logarithmic axis."""

from collections.abc import Sequence

from nextword.base import require_range

_STEPS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70)


def distances(largest: int) -> tuple[int, ...]:
    """Return increasing distances from 1 to `largest`, nearly even on a logarithmic axis.

    Args:
        largest: The largest distance, at least 1.

    Raises:
        ConfigError: It is below 1.

    Example:
        >>> distances(40)
        (1, 2, 3, 5, 7, 10, 15, 20, 30, 40)
    """
    require_range("max_distance", largest, low=1)
    grid, scale = list(_STEPS), 10
    while grid[-1] < largest:
        grid += [step * scale for step in _STEPS if step * scale > grid[-1]]
        scale *= 10
    return (*(each for each in grid if each < largest), largest)


def crossing(places: Sequence[int], values: Sequence[float], *, level: float) -> float | None:
    """Return where values first fall to a level, interpolated between places; None if nowhere.

    Args:
        places: Increasing places.
        values: The value at each place.
        level: The level.

    Example:
        >>> crossing((1, 2, 3), (8.0, 5.0, 3.0), level=4.0)
        2.5
    """
    if values[0] <= level:
        return float(places[0])
    for number in range(1, len(places)):
        before, after = values[number - 1], values[number]
        if after <= level:
            share = (before - level) / (before - after)
            return places[number - 1] + share * (places[number] - places[number - 1])
    return None

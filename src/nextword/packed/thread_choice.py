"""How many threads run the steps of a model: measured while it is used.

The threads of a step wait for each other several times. So two are up to twice as fast as one if
both cores are free, and many times slower if other programs use them.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Calls between two trials of the slower number of threads, at first and at most.
_FIRST_INTERVAL = 4
_LONGEST_INTERVAL = 256
#: Weight of the newest time in the average.
_NEWEST = 0.5


class ThreadChoice:
    """Chooses between one thread and several, for calls of about the same work.

    The results of a call do not depend on the number of threads.

    Args:
        most: Number of threads if not one.
        clock: Returns the current time in seconds.

    Example:
        >>> choice = ThreadChoice(most=1)
        >>> with choice.timed(amount=10) as num_threads:
        ...     num_threads
        1
    """

    def __init__(self, *, most: int, clock: Callable[[], float] = time.perf_counter) -> None:
        self._most = most
        self._clock = clock
        self._seconds: dict[int, float] = {}
        self._interval = _FIRST_INTERVAL
        self._calls_left = 0

    @property
    def seconds(self) -> float | None:
        """Duration of a unit of work with the faster number of threads; None before a call."""
        return min(self._seconds.values(), default=None)

    @contextmanager
    def timed(self, *, amount: int) -> Iterator[int]:
        """Yield the number of threads for a call, and keep the time of the block.

        Args:
            amount: Amount of work of the call, such as its number of steps.
        """
        number = self._next()
        started = self._clock()
        yield number
        self._record(number, (self._clock() - started) / amount)

    def _next(self) -> int:
        if self._most == 1:
            return 1
        for number in (1, self._most):
            if number not in self._seconds:
                return number
        best = min(self._seconds, key=self._seconds.__getitem__)
        self._calls_left -= 1
        if self._calls_left >= 0:
            return best
        return 1 if best == self._most else self._most

    def _record(self, number: int, seconds: float) -> None:
        is_trial = self._calls_left < 0 and len(self._seconds) > 1
        known = self._seconds.get(number, seconds)
        # A call cannot be faster than it is, but other programs can make it slower: a short time
        # counts at once, a long one as a part of the average.
        self._seconds[number] = min(seconds, (1 - _NEWEST) * known + _NEWEST * seconds)
        if not is_trial:
            return
        is_faster = number == min(self._seconds, key=self._seconds.__getitem__)
        self._interval = (
            _FIRST_INTERVAL if is_faster else min(2 * self._interval, _LONGEST_INTERVAL)
        )
        self._calls_left = self._interval

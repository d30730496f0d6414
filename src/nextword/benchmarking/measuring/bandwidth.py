"""How fast one thread reads memory: sums over arrays, as in the STREAM benchmark."""

import time

import torch

_REPEATS = 5


class Bandwidth:
    """The highest speed at which an array of some size was read so far.

    An array that fits into a cache is read faster than a larger one. Therefore the size is that of
    the weights whose reading is compared with it. Call `measure` often, because a machine may be
    slow for seconds.

    Args:
        num_bytes: Size of the array.

    Attributes:
        num_bytes: Size of the array.
        rate: Bytes per second.
    """

    def __init__(self, num_bytes: int) -> None:
        self.num_bytes = num_bytes
        self._values = torch.ones(max(1, num_bytes // 4))
        self.rate = 0.0
        self.measure()

    def measure(self) -> None:
        """Read the array a few times."""
        for _ in range(_REPEATS):
            started = time.perf_counter()
            self._values.sum()
            seconds = time.perf_counter() - started
            self.rate = max(self.rate, 4 * len(self._values) / seconds)

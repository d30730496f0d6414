"""The peak speed of the processor: large matrix products in each dtype."""

import time

import torch
from torch import Tensor

from nextword.tensors import has_fast_bfloat16

#: Large enough to use every core, and small enough to take only hundredths of a second.
PEAK_SIZE = 2048
_FIRST_PRODUCTS = 5


class Peaks:
    """The highest speed that a matrix product has reached so far, by dtype.

    Call `measure` often, because a machine may be slow for seconds. bfloat16 is left out if the
    processor has no instructions for it.

    Args:
        size: Number of rows and columns of both matrices.

    Attributes:
        rates: Floating-point operations per second, by dtype.
    """

    def __init__(self, *, size: int = PEAK_SIZE) -> None:
        dtypes = [torch.float32]
        if has_fast_bfloat16(torch.device("cpu")):
            dtypes.append(torch.bfloat16)
        self._factors = {precision: torch.randn(size, size).to(precision) for precision in dtypes}
        self.rates = dict.fromkeys(dtypes, 0.0)
        for _ in range(_FIRST_PRODUCTS):
            self.measure()

    def measure(self) -> None:
        """Run and time one product in each dtype."""
        for precision, factor in self._factors.items():
            self.rates[precision] = max(self.rates[precision], _rate(factor))


def _rate(factor: Tensor) -> float:
    started = time.perf_counter()
    torch.mm(factor, factor)
    return 2.0 * len(factor) ** 3 / (time.perf_counter() - started)

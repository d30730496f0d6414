"""What the processor can do at best: large products with each dtype."""

import time

import torch
from torch import Tensor

from nextword.tensors import has_fast_bfloat16

#: Large enough to keep every core busy, small enough to take but hundredths of a second.
PEAK_SIZE = 2048
_FIRST_PRODUCTS = 5


class Peaks:
    """The most floating-point operations a second that a product has reached so far.

    The best of all, for it stands for what is possible, not for what is usual; and as a machine
    may be slow for seconds, it should be asked again and again. The format bfloat16 is left out
    where the processor has no instructions for it.

    Args:
        size: Rows and columns of both matrices.

    Attributes:
        rates: Operations a second, by dtype.
    """

    def __init__(self, *, size: int = PEAK_SIZE) -> None:
        formats = [torch.float32]
        if has_fast_bfloat16(torch.device("cpu")):
            formats.append(torch.bfloat16)
        self._factors = {precision: torch.randn(size, size).to(precision) for precision in formats}
        self.rates = dict.fromkeys(formats, 0.0)
        for _ in range(_FIRST_PRODUCTS):
            self.measure()

    def measure(self) -> None:
        """Make a product with each dtype."""
        for precision, factor in self._factors.items():
            self.rates[precision] = max(self.rates[precision], _rate(factor))


def _rate(factor: Tensor) -> float:
    started = time.perf_counter()
    torch.mm(factor, factor)
    return 2.0 * len(factor) ** 3 / (time.perf_counter() - started)

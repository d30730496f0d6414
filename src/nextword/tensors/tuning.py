"""Process-wide settings of torch and of the allocator that make training faster.

The command line and `train` call `tune_process` once. It is never called on import, because a
library must not change the numerics or the allocator of a program that imports it.
"""

import ctypes
import logging
import platform
from dataclasses import dataclass

import torch

_logger = logging.getLogger(__name__)

_M_TRIM_THRESHOLD = -1
_M_MMAP_MAX = -4
_KEEP_BYTES = 2**31 - 1
_PROBE_SIZE = 192
#: The error of a float32 product of this size is about 1e-5; rounded to bfloat16, about 1e-1.
_FLOAT32_ERROR_LIMIT = 1e-3


@dataclass(frozen=True, kw_only=True)
class ProcessTuning:
    """The settings that `tune_process` chose; saved with a run.

    Attributes:
        matmul_precision: torch's float32 matmul precision; `medium` if it is exact and faster.
        matmul_error: Largest absolute error of a test product with that setting.
        keeps_memory: Whether the allocator keeps freed memory.
        num_threads: Number of threads of torch.
    """

    matmul_precision: str
    matmul_error: float
    keeps_memory: bool
    num_threads: int


def tune_process(*, num_threads: int | None = None) -> ProcessTuning:
    """Set the precision of products, the allocator and the number of threads.

    Float32 products use oneDNN instead of MKL (2.2 times faster on AMD), but only if a test product
    shows that they are still computed in float32. glibc keeps freed memory, which otherwise would
    be returned to the system and requested again at every step.

    Args:
        num_threads: Number of threads of torch; torch's default when None.

    Returns:
        The settings that were chosen.
    """
    if num_threads is not None:
        torch.set_num_threads(num_threads)
    precision, error = _choose_matmul_precision()
    tuning = ProcessTuning(
        matmul_precision=precision,
        matmul_error=error,
        keeps_memory=_keep_freed_memory(),
        num_threads=torch.get_num_threads(),
    )
    _logger.info("process tuning: %s", tuning)
    return tuning


def _choose_matmul_precision() -> tuple[str, float]:
    torch.set_float32_matmul_precision("medium")
    error = _matmul_error()
    if error <= _FLOAT32_ERROR_LIMIT:
        return "medium", error
    torch.set_float32_matmul_precision("highest")
    return "highest", _matmul_error()


def _matmul_error() -> float:
    """Return the largest absolute error of a fixed float32 product, compared with float64."""
    generator = torch.Generator().manual_seed(0)
    left = torch.randn(_PROBE_SIZE, _PROBE_SIZE, generator=generator)
    right = torch.randn(_PROBE_SIZE, _PROBE_SIZE, generator=generator)
    exact = left.double() @ right.double()
    return float(((left @ right).double() - exact).abs().max())


def _keep_freed_memory() -> bool:
    """Make glibc keep freed memory, and return whether it does; other C libraries need no call."""
    if platform.system() != "Linux" or platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return bool(mallopt(_M_MMAP_MAX, 0)) and bool(mallopt(_M_TRIM_THRESHOLD, _KEEP_BYTES))

"""The package of compiled kernels, nextword-kernels, where it is installed."""

import functools
import importlib
import logging
from contextlib import suppress
from pathlib import Path
from types import ModuleType

import torch

_logger = logging.getLogger(__name__)


@functools.cache
def kernels_are_installed() -> bool:
    """Whether the package nextword-kernels is installed and loads."""
    try:
        load_kernels()
    except ImportError:
        return False
    return True


@functools.cache
def load_kernels() -> ModuleType:
    """Import the kernels, which are an extra, and let them run on torch's threads.

    Raises:
        ImportError: They are not installed.
    """
    kernels = importlib.import_module("nextword_kernels")
    for library in _openmp_libraries():
        with suppress(ValueError):
            kernels.share_openmp(str(library))
            _logger.info("kernels run on the threads of %s", library.name)
            break
    return kernels


def kernel_threads(amount: int, *, a_thread: int) -> int:
    """Give as many threads as torch has, but no more than have work.

    Args:
        amount: Of work, in numbers, products or the like.
        a_thread: So much of it is worth a thread.

    Example:
        >>> kernel_threads(100, a_thread=2**16)
        1
    """
    return max(1, min(torch.get_num_threads(), amount // a_thread))


def _openmp_libraries() -> list[Path]:
    """Find the OpenMP library that torch brings, if it brings one that can be shared.

    Threads of two pools disturb each other on the same cores: at 2 x 650 units a training step took
    a fifth longer.
    """
    package = Path(torch.__file__).parent
    folders = (package / "lib", package.parent / "torch.libs")
    return [library for folder in folders for library in sorted(folder.glob("libgomp*.so*"))]

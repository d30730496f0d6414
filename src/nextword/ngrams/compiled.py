"""The compiled look-ups of the optional package nextword-kernels. They run on one thread."""

import functools
import importlib
from types import ModuleType


@functools.cache
def ngram_kernels() -> ModuleType | None:
    """Return the package of kernels; None if it is not installed, or older than the look-ups."""
    try:
        kernels = importlib.import_module("nextword_kernels")
    except ImportError:
        return None
    return kernels if hasattr(kernels, "NgramIndex") else None

"""Measuring experiments: CPU time, memory of tensors, straight lines through points."""

import time
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class TensorMemory(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes of the tensors that are alive and were made inside a `with` block.

    Unlike the memory of the process it is the same in every run.

    Args:
        ignored: Tensors that existed before and are not counted.

    Attributes:
        peak: Largest number of bytes at one time.

    Example:
        >>> with TensorMemory() as memory:
        ...     kept = torch.zeros(1000)
        ...     for _ in range(5):
        ...         dropped = kept + 1
        >>> memory.peak
        12000
    """

    def __init__(self, *ignored: torch.Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak = 0
        self._now = 0
        self._known: set[int] = {each.untyped_storage()._cdata for each in ignored}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call an operator and count its new storages."""
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, torch.Tensor):
                self._count(leaf.untyped_storage())
        return result

    def _count(self, storage: Any) -> None:
        key, size = storage._cdata, storage.nbytes()
        if key in self._known:
            return
        self._known.add(key)
        self._now += size
        self.peak = max(self.peak, self._now)
        weakref.finalize(storage, self._forget, key, size)

    def _forget(self, key: int, size: int) -> None:
        self._known.discard(key)
        self._now -= size


def cpu_seconds(run: Callable[[], object], *, repeats: int = 5) -> float:
    """Return the shortest CPU time of this thread for a call, seconds.

    Other programs disturb it less than the time on the clock.

    Args:
        run: The call.
        repeats: Number of calls; there is one more before them.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        run()
        times = []
        for _ in range(repeats):
            started = time.thread_time()
            run()
            times.append(time.thread_time() - started)
    finally:
        torch.set_num_threads(threads)
    return min(times)


def line_fit(x: Sequence[float], y: Sequence[float]) -> float:
    """Return R², the share of the variance of y that a straight line over x explains.

    Example:
        >>> line_fit([1, 2, 3], [2, 4, 6])
        1.0
    """
    return float(np.corrcoef(x, y)[0, 1] ** 2)

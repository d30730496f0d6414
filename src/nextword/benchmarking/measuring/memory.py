"""The memory of a step, from Linux's statistics of this process."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
#: Written to `clear_refs`, resets the peak memory of the process.
_CLEAR_PEAK = "5"


def memory_growth_mib(step: Callable[[], object]) -> float | None:
    """Return by how many MiB a step increases the peak memory of this process.

    The figure is the memory of the step only if the process has not held more memory before.

    Returns:
        The increase in MiB; None on systems without `/proc`.
    """
    if not _STATUS.exists():
        return None
    with suppress(OSError):
        _CLEAR.write_text(_CLEAR_PEAK)
    before = _field_mib("VmRSS")
    step()
    return max(0.0, _field_mib("VmHWM") - before)


def _field_mib(name: str) -> float:
    lines = _STATUS.read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) / 1024

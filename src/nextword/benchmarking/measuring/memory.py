"""How much memory a step takes, by the system's own account of this process (Linux)."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
#: Lets the record of the most memory held begin anew.
_CLEAR_PEAK = "5"


def memory_growth_mib(step: Callable[[], object]) -> float | None:
    """Return by how many MiB this process grows at most in a step; None where nothing says so.

    Only in a process that has not held as much before is that what the step takes.
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

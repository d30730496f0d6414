"""Memory that this process can still take: that of the machine, or less in a container."""

import re
from pathlib import Path

_MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")


def free_memory(*, meminfo: Path = _MEMINFO, cgroup: Path = _CGROUP) -> int | None:
    """Return the free memory in bytes; None where the system does not tell.

    Memory that only holds copies of files counts as free. In a container the limit of its control
    group counts too.

    Args:
        meminfo: The file of Linux with the memory of the machine.
        cgroup: The folder of the control group, of version 2.
    """
    found = [_available(meminfo), _below_limit(cgroup)]
    known = [size for size in found if size is not None]
    return min(known) if known else None


def _available(meminfo: Path) -> int | None:
    try:
        match = re.search(r"^MemAvailable:\s+(\d+) kB", meminfo.read_text(), re.MULTILINE)
    except OSError:
        return None
    return None if match is None else int(match[1]) * 1024


def _below_limit(cgroup: Path) -> int | None:
    try:
        limit = int((cgroup / "memory.max").read_text())
        used = int((cgroup / "memory.current").read_text())
        cached = re.search(
            r"^inactive_file (\d+)", (cgroup / "memory.stat").read_text(), re.MULTILINE
        )
    except (OSError, ValueError):
        return None  # no control group, or none with a limit: "max"
    return max(0, limit - used + (0 if cached is None else int(cached[1])))

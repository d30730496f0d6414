"""The resident memory of memory-mapped files, on Linux."""

from pathlib import Path

import pytest

_MAPS = Path("/proc/self/smaps")

needs_maps = pytest.mark.skipif(not _MAPS.exists(), reason="the system has no /proc/self/smaps")


def resident_bytes(path: Path) -> int:
    """Return the resident memory of the maps of a file, or of all files in a folder."""
    lines, found = _MAPS.read_text().splitlines(), 0
    for begin in [number for number, line in enumerate(lines) if str(path) in line]:
        rss = next(line for line in lines[begin:] if line.startswith("Rss:"))
        found += int(rss.split()[1]) * 1024
    return found

"""Free memory, from made-up files of the system."""

from pathlib import Path

import pytest

from nextword.tensors import free_memory

MEMINFO = "MemTotal:       2048 kB\nMemAvailable:   1000 kB\n"


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("max", 1000 * 1024),
        ("5000", 5000 - 4000 + 300),
        ("100", 0),
        (str(10**12), 1000 * 1024),
    ],
)
def test_free_memory_is_that_of_the_machine_or_of_the_container(
    limit: str, expected: int, tmp_path: Path
) -> None:
    (tmp_path / "meminfo").write_text(MEMINFO)
    (tmp_path / "memory.max").write_text(limit + "\n")
    (tmp_path / "memory.current").write_text("4000\n")
    (tmp_path / "memory.stat").write_text("anon 7\ninactive_file 300\n")

    assert free_memory(meminfo=tmp_path / "meminfo", cgroup=tmp_path) == expected


def test_free_memory_of_a_system_that_does_not_tell_is_none(tmp_path: Path) -> None:
    assert free_memory(meminfo=tmp_path / "meminfo", cgroup=tmp_path) is None

import subprocess
import sys
from pathlib import Path

import pytest

from nextword.benchmarking.measuring import memory, memory_growth_mib

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="only Linux has /proc"
)


@needs_proc
def test_memory_growth_is_about_what_the_step_takes() -> None:
    # In a process of its own: this one may hold what earlier tests have given back.
    program = (
        "import torch; from nextword.benchmarking.measuring import memory_growth_mib; "
        "print(memory_growth_mib(lambda: torch.ones(2**26)))"
    )

    finished = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert 250.0 < float(finished.stdout) < 280.0


@needs_proc
def test_memory_growth_of_nothing_is_not_below_zero() -> None:
    growth = memory_growth_mib(lambda: None)

    assert growth is not None
    assert 0.0 <= growth < 100.0


def test_memory_growth_where_nothing_tells_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_STATUS", Path("/nowhere/status"))

    assert memory_growth_mib(lambda: None) is None

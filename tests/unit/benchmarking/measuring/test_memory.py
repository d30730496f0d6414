from pathlib import Path

import pytest
import torch

from nextword.benchmarking.measuring import memory, memory_growth_mib

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="only Linux has /proc"
)


@needs_proc
def test_memory_growth_is_about_what_the_step_takes() -> None:
    # More than any other test has held and given back.
    growth = memory_growth_mib(lambda: torch.ones(2**28))

    assert growth is not None
    assert 900.0 < growth < 1200.0


@needs_proc
def test_memory_growth_of_nothing_is_not_below_zero() -> None:
    growth = memory_growth_mib(lambda: None)

    assert growth is not None
    assert 0.0 <= growth < 100.0


def test_memory_growth_where_nothing_tells_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_STATUS", Path("/nowhere/status"))

    assert memory_growth_mib(lambda: None) is None

import sys
from pathlib import Path

import numpy as np
import pytest

from nextword.base import BenchmarkError
from nextword.benchmarking.measuring import run_program

pytestmark = pytest.mark.slow


def test_run_program_reads_and_writes_files(tmp_path: Path) -> None:
    given, written = tmp_path / "in", tmp_path / "out"
    given.write_text("some words")
    code = "import sys; print(sys.stdin.read().upper())"

    usage = run_program([sys.executable, "-c", code], stdin=given, stdout=written)

    assert written.read_text() == "SOME WORDS\n"
    assert usage.seconds > 0.0
    assert usage.processor_seconds > 0.0


def test_run_program_memory_of_the_caller_does_not_count() -> None:
    held = np.ones(400 * 2**17)

    small = run_program(["true"])
    large = run_program([sys.executable, "-I", "-S", "-c", "bytearray(b'1') * 200_000_000"])

    assert held[-1] == 1.0
    assert small.peak_memory_mib < 100.0
    assert 190.0 < large.peak_memory_mib < 290.0


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ([sys.executable, "-c", "import sys; sys.exit('no space')"], "exit code 1: no space"),
        (["no-such-program"], "no-such-program ended with exit code 1: FileNotFoundError"),
    ],
)
def test_run_program_that_fails_is_refused(command: list[str], reason: str) -> None:
    with pytest.raises(BenchmarkError, match=reason):
        run_program(command)

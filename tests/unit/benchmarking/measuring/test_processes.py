"""Calls elsewhere: results, progress and errors come back, settings stay there."""

import multiprocessing
import os
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from nextword.base import BenchmarkError, ConfigError, ProgressCallback
from nextword.benchmarking.measuring import SubprocessStep, call_in_subprocess

pytestmark = pytest.mark.slow


# These are imported by name in the other process.
def count_up(total: int, *, on_progress: ProgressCallback) -> int:
    for done in range(total):
        on_progress("counting", done, total=total)
    return os.getpid()


def fail(kind: str) -> None:
    if kind == "config":
        raise ConfigError("it is 3.", help="Make it 4.")
    if kind == "bug":
        raise ZeroDivisionError("by nothing")
    os.kill(os.getpid(), signal.SIGKILL)


def linger(path: str) -> None:
    Path(path).write_text(str(os.getpid()))
    time.sleep(600.0)


def leave_a_file(kind: str) -> str:
    path = tempfile.mkdtemp()
    if kind != "nothing":
        fail(kind)
    return path


def can_import(name: str) -> bool:
    try:
        __import__(name)
    except ImportError:
        return False
    return True


def counting_step(first: float) -> Callable[[], float]:
    numbers = iter([first, first + 1.0])
    return lambda: next(numbers)


def test_call_in_subprocess_gives_the_result_of_another_process_and_what_it_tells() -> None:
    told: list[tuple[str, int, int | None]] = []

    process_id = call_in_subprocess(
        count_up,
        2,
        on_progress=lambda stage, done, *, total=None: told.append((stage, done, total)),
    )

    assert process_id != os.getpid()
    assert told == [("counting", 0, 2), ("counting", 1, 2)]


def test_call_in_subprocess_raises_our_errors_here_with_their_help() -> None:
    with pytest.raises(ConfigError, match="it is 3") as got:
        call_in_subprocess(fail, "config")

    assert got.value.help == "Make it 4."


def test_call_in_subprocess_says_where_a_bug_was() -> None:
    with pytest.raises(BenchmarkError, match="ZeroDivisionError in a benchmark process") as got:
        call_in_subprocess(fail, "bug")

    assert "in fail" in got.value.__notes__[0]


def test_call_in_subprocess_process_that_dies_is_one_error() -> None:
    with pytest.raises(BenchmarkError, match="ended with exit code -9") as got:
        call_in_subprocess(fail, "death")

    assert "out of memory" in got.value.help


def test_call_in_subprocess_hidden_module_seems_not_to_be_installed() -> None:
    assert not call_in_subprocess(can_import, "tabnanny", hidden_modules=("tabnanny",))
    assert can_import("tabnanny")


def test_call_in_subprocess_module_that_is_loaded_already_cannot_be_hidden() -> None:
    with pytest.raises(BenchmarkError, match="json was imported before it could be hidden"):
        call_in_subprocess(can_import, "json", hidden_modules=("json",))


def test_step_elsewhere_makes_a_step_each_time_it_is_called_until_one_fails() -> None:
    with SubprocessStep(counting_step, 4.0) as step:
        assert (step(), step()) == (4.0, 5.0)
        with pytest.raises(RuntimeError, match="StopIteration"):
            step()


def test_call_in_subprocess_process_ends_with_the_one_that_started_it(tmp_path: Path) -> None:
    found = tmp_path / "process-id"
    starter = multiprocessing.get_context("spawn").Process(
        target=call_in_subprocess, args=(linger, str(found))
    )
    starter.start()
    wait_until(lambda: found.exists() and found.read_text() != "")

    starter.kill()
    starter.join()

    wait_until(lambda: not is_alive(int(found.read_text())))


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60.0
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process_id}/stat")
    return not status.exists() or status.read_text().split()[2] != "Z"


def test_call_in_subprocess_removes_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    left = call_in_subprocess(leave_a_file, "nothing")
    with pytest.raises(BenchmarkError, match="exit code -9"):
        call_in_subprocess(leave_a_file, "killed")

    assert Path(left).is_relative_to(tmp_path)
    assert list(tmp_path.iterdir()) == []

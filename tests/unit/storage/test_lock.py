import errno
import fcntl
import json
import os
import signal
import socket
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from nextword.base import CheckpointError, LockedError
from nextword.storage import RunLock
from nextword.storage.lock import LOCK_NAME

NUM_WRITERS = 8


def forked(action: Callable[[], None]) -> int:
    with warnings.catch_warnings():
        # Newer Pythons warn where the test runner has threads; the children use none.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            action()
        finally:
            os._exit(0)
    return child


def test_run_lock_held_names_the_holder(tmp_path: Path) -> None:
    with RunLock(tmp_path):
        holder = json.loads((tmp_path / LOCK_NAME).read_text())

    assert holder == {"pid": os.getpid(), "host": socket.gethostname()}


def test_run_lock_second_is_refused_at_once(tmp_path: Path) -> None:
    begin = time.monotonic()

    with (
        RunLock(tmp_path),
        pytest.raises(LockedError, match=f"in use by process {os.getpid()} on ") as caught,
        RunLock(tmp_path),
    ):
        pass

    assert f"kill {os.getpid()}" in caught.value.help
    assert time.monotonic() - begin < 1.0


def test_run_lock_after_release_can_be_taken_again(tmp_path: Path) -> None:
    lock = RunLock(tmp_path)
    with lock:
        pass

    with lock, pytest.raises(LockedError), RunLock(tmp_path):
        pass


def test_run_lock_released_by_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError), RunLock(tmp_path):
        raise KeyError

    with RunLock(tmp_path):
        pass


def test_run_lock_release_keeps_the_file(tmp_path: Path) -> None:
    with RunLock(tmp_path):
        before = (tmp_path / LOCK_NAME).stat().st_ino

    with RunLock(tmp_path):
        assert (tmp_path / LOCK_NAME).stat().st_ino == before


def test_run_lock_stale_is_recovered(tmp_path: Path) -> None:
    def die_locked() -> None:
        RunLock(tmp_path).__enter__()
        os.kill(os.getpid(), signal.SIGKILL)

    child = forked(die_locked)
    os.waitpid(child, 0)
    assert json.loads((tmp_path / LOCK_NAME).read_text())["pid"] == child

    with RunLock(tmp_path):
        assert json.loads((tmp_path / LOCK_NAME).read_text())["pid"] == os.getpid()


@pytest.mark.parametrize(
    "content",
    ["", "rubbish", '{"pid": "x"}', "[]", json.dumps({"pid": 2**80, "host": socket.gethostname()})],
    ids=["empty", "rubbish", "text", "list", "dead"],
)
def test_run_lock_unreadable_holder_still_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.setattr("nextword.storage.lock._HOLDER_TIMEOUT_S", 0.02)

    with RunLock(tmp_path):
        (tmp_path / LOCK_NAME).write_text(content)
        with pytest.raises(LockedError, match="in use by another process"), RunLock(tmp_path):
            pass


def test_run_lock_holder_of_another_user_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)

    with (
        RunLock(tmp_path),
        pytest.raises(LockedError, match="in use by process"),
        RunLock(tmp_path),
    ):
        pass


def test_run_lock_holder_on_another_host_is_named(tmp_path: Path) -> None:
    with RunLock(tmp_path):
        (tmp_path / LOCK_NAME).write_text('{"pid": 7, "host": "elsewhere"}')
        with (
            pytest.raises(LockedError, match="in use by process 7 on elsewhere"),
            RunLock(tmp_path),
        ):
            pass


def test_run_lock_file_system_without_locks_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)

    with pytest.raises(CheckpointError, match="No locks available") as caught, RunLock(tmp_path):
        pass

    assert "POSIX locks" in caught.value.help


def test_run_lock_missing_folder_gives_the_reason(tmp_path: Path) -> None:
    with (
        pytest.raises(CheckpointError, match=r"cannot lock .*missing: No such file"),
        RunLock(tmp_path / "missing"),
    ):
        pass


def test_run_lock_eight_writers_one_wins_and_seven_name_it(tmp_path: Path) -> None:
    results, report = os.pipe()
    gate, open_gate = os.pipe()
    done, release = os.pipe()

    def compete() -> None:
        os.close(open_gate)
        os.close(release)
        os.read(gate, 1)
        begin = time.monotonic()
        try:
            with RunLock(tmp_path):
                os.write(report, f"won {os.getpid()}\n".encode())
                os.read(done, 1)
        except LockedError as error:
            os.write(report, f"lost {time.monotonic() - begin} {error.message}\n".encode())

    children = [forked(compete) for _ in range(NUM_WRITERS)]
    os.close(report)
    os.close(open_gate)
    lines: list[str] = []
    with os.fdopen(results) as file:
        for line in file:
            lines.append(line)
            if len(lines) == NUM_WRITERS:
                os.close(release)
    for child in children:
        os.waitpid(child, 0)
    os.close(gate)
    os.close(done)

    winners = [line.split()[1] for line in lines if line.startswith("won")]
    losers = [line for line in lines if line.startswith("lost")]
    assert len(winners) == 1
    assert len(losers) == NUM_WRITERS - 1
    assert all(f"in use by process {winners[0]} on " in line for line in losers)
    assert all(float(line.split()[1]) < 2.0 for line in losers)


def test_run_lock_that_is_a_link_is_refused_and_its_target_kept(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (tmp_path / LOCK_NAME).symlink_to(precious)

    with pytest.raises(CheckpointError, match="lock is a symbolic link, not a lock file") as caught:
        RunLock(tmp_path).__enter__()

    assert precious.read_text() == "mine"
    assert caught.value.help == "Remove it, or choose another run folder."


def test_run_lock_that_is_a_hard_link_is_refused_and_its_target_kept(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("")
    (tmp_path / LOCK_NAME).hardlink_to(precious)

    with pytest.raises(CheckpointError, match="a hard link to a file"):
        RunLock(tmp_path).__enter__()

    assert precious.read_text() == ""


def test_run_lock_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / LOCK_NAME).mkdir()

    with pytest.raises(CheckpointError, match="lock is a folder, not a lock file of nextword"):
        RunLock(tmp_path).__enter__()


def test_run_lock_that_is_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / LOCK_NAME)

    with pytest.raises(CheckpointError, match="lock is not a regular file"):
        RunLock(tmp_path).__enter__()


@pytest.mark.parametrize("content", ["mine", "x" * 5_000, "[1]"])
def test_run_lock_with_other_content_is_refused_and_kept(content: str, tmp_path: Path) -> None:
    (tmp_path / LOCK_NAME).write_text(content)

    with pytest.raises(CheckpointError, match="a file with other content"):
        RunLock(tmp_path).__enter__()

    assert (tmp_path / LOCK_NAME).read_text() == content


def test_run_lock_full_of_nuls_after_a_power_cut_is_taken(tmp_path: Path) -> None:
    (tmp_path / LOCK_NAME).write_bytes(b"\0" * 40)

    with RunLock(tmp_path):
        assert json.loads((tmp_path / LOCK_NAME).read_text())["pid"] == os.getpid()

"""Processes killed in the middle of a save, and folders to compare."""

import os
import random
import signal
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

#: Every call through which the file system changes; killed before each of them in turn.
CALLS = ("chmod", "fsync", "mkdir", "rename", "replace", "rmdir", "unlink")

Action = Callable[[], object]


def fork() -> int:
    with warnings.catch_warnings():
        # Newer Pythons warn where the test runner has threads; the children below use none.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _kill_before_call(number: int) -> None:
    """In a child only: let the process die right before its `number`-th call, from 1."""
    left = [number]

    def dying(call: Callable[..., object]) -> Callable[..., object]:
        def wrapper(*arguments: object, **keywords: object) -> object:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **keywords)

        return wrapper

    for name in CALLS:
        setattr(os, name, dying(getattr(os, name)))


def _in_child(action: Action) -> int:
    child = fork()
    if child == 0:
        try:
            action()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return child


def _was_killed(child: int) -> bool:
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in {0, -signal.SIGKILL}, f"the child failed on its own: exit code {code}"
    return code != 0


@pytest.fixture
def killed_at_call() -> Callable[[Action, int], bool]:
    """Run an action in a child that dies before its k-th call; True where it died."""

    def run(action: Action, number: int) -> bool:
        def dying_action() -> None:
            _kill_before_call(number)
            action()

        return _was_killed(_in_child(dying_action))

    return run


@pytest.fixture
def killed_after() -> Callable[[Action, float], bool]:
    """Run an action in a child that is killed after some seconds; True where it died."""

    def run(action: Action, seconds: float) -> bool:
        child = _in_child(action)
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        return _was_killed(child)

    return run


@pytest.fixture
def damaged_copies() -> Callable[[bytes, int], list[bytes]]:
    """Give so many different contents with one flipped bit or a missing end."""

    def damage(content: bytes, count: int) -> list[bytes]:
        generator = random.Random(len(content))
        copies: list[bytes] = []
        for index in range(count):
            place = generator.randrange(len(content))
            flipped = bytearray(content)
            flipped[place] ^= 1 << generator.randrange(8)
            copies.append(content[:place] if index % 4 == 0 else bytes(flipped))
        return copies

    return damage


@pytest.fixture
def names_in() -> Callable[[Path], set[str]]:
    """Give the names in a folder, hidden ones included."""

    def names(folder: Path) -> set[str]:
        return {path.name for path in folder.iterdir()}

    return names

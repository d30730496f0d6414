"""Trainings on several processes that torchrun has started, as the command line sees them."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

_LIBRARY = "nextword"


def is_first_process() -> bool:
    """Return whether this process writes results: the only one, or the first of several."""
    return _num_processes() < 2 or os.environ.get("RANK", "0") == "0"


def for_all_processes(command: str) -> str:
    """Return a command that starts as many processes on this machine as there are now.

    Args:
        command: The command for one process, which begins with `nextword`.
    """
    if _num_processes() < 2:
        return command
    number = os.environ.get("LOCAL_WORLD_SIZE", str(_num_processes()))
    return f"torchrun --nproc-per-node {number} -m {command}"


@contextmanager
def joined_processes() -> Iterator[None]:
    """Join the processes that torchrun has started, if there are several, inside the block.

    In all processes but the first, the log of the library shows only errors.

    Raises:
        ConfigError: The processes cannot be connected.
    """
    if _num_processes() < 2 or "RANK" not in os.environ:
        yield
        return
    from nextword.parallel import join_processes

    if not is_first_process():
        logging.getLogger(_LIBRARY).setLevel(logging.ERROR)
    with join_processes():
        yield


def _num_processes() -> int:
    """Return the number of processes according to the environment; 1 without torchrun."""
    number = os.environ.get("WORLD_SIZE", "1")
    return int(number) if number.isdecimal() else 1

"""Joining and leaving the processes of a training."""

from pathlib import Path

import pytest

import several_processes as several

#: Prints the threads of a process that has left its group after an optimizer was used in it.
PROGRAM = """
import os, torch
from pathlib import Path
from nextword.parallel import join_processes

def threads():
    return {task.joinpath("comm").read_text().strip() for task in Path("/proc/self/task").iterdir()}

with join_processes() as world:
    weight = torch.nn.Parameter(torch.zeros(3))
    weight.grad = torch.ones(3)
    torch.optim.SGD([weight], lr=1.0).step()
    world.sum([1.0])
    before = threads()
print(*(name for name in before if "gloo" in name), "|", *(n for n in threads() if "gloo" in n))
"""


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are read from /proc")
def test_no_thread_of_the_group_runs_after_it_was_left() -> None:
    [process] = several.start_processes(["-c", PROGRAM], number=1)
    [(code, output, errors)] = several.wait_for_end([process])

    assert code == 0, errors
    before, after = output.split("|")
    assert "gloo" in before
    assert not after.strip()

"""The pool: meetings, forks, callers side by side, and its manners when idle."""

import multiprocessing
import os
import threading
import time

import pytest
import torch

import nextword_kernels as kernels
from native_layers import run_native
from reference_layers import LayerCase, made_up_case


@pytest.fixture
def case() -> LayerCase:
    return made_up_case("lstm", hidden_size=63, batch_size=4, num_steps=6)


@pytest.mark.parametrize("num_threads", [1, 2, 3, 8])
def test_barrier_holds_back_everybody_at_every_meeting(num_threads: int) -> None:
    # Eight threads on a machine of few cores meet far less often a second.
    num_rounds = 200_000 if num_threads <= 2 else 2_000

    assert kernels.count_barrier_failures(num_threads, num_rounds) == 0


def test_teams_of_changing_size_give_the_same_numbers(case: LayerCase) -> None:
    expected = run_native(case, precision="float32", num_threads=1)["outputs"]

    for num_threads in [3, 1, 2, 4, 2, 3] * 5:
        outputs = run_native(case, precision="float32", num_threads=num_threads)["outputs"]
        assert torch.equal(outputs, expected)


def test_callers_side_by_side_take_turns(case: LayerCase) -> None:
    expected = run_native(case, precision="float32", num_threads=2)["outputs"]
    results: list[bool] = []

    def call() -> None:
        for _ in range(20):
            outputs = run_native(case, precision="float32", num_threads=2)["outputs"]
            results.append(torch.equal(outputs, expected))

    callers = [threading.Thread(target=call) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()

    assert results == [True] * 80


def run_in_child(case: LayerCase, queue: multiprocessing.Queue) -> None:
    queue.put(run_native(case, precision="float32", num_threads=2)["outputs"].sum().item())


def test_child_of_a_fork_has_threads_of_its_own(case: LayerCase) -> None:
    expected = run_native(case, precision="float32", num_threads=2)["outputs"].sum().item()
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=run_in_child, args=(case, queue))

    child.start()
    result = queue.get(timeout=60)
    child.join(timeout=60)

    assert child.exitcode == 0
    assert result == expected
    # And the parent's pool is as it was.
    assert run_native(case, precision="float32", num_threads=2)["outputs"].sum() == expected


def test_other_python_threads_run_during_a_kernel() -> None:
    started, finished = threading.Event(), threading.Event()

    def call() -> None:
        started.set()
        kernels.count_barrier_failures(2, 300_000)
        finished.set()

    caller = threading.Thread(target=call)
    caller.start()
    started.wait()
    num_turns = 0
    while not finished.is_set():
        num_turns += 1
        time.sleep(0.0001)
    caller.join()

    # With the lock held, the whole call would pass between two of our turns.
    assert num_turns > 5


def test_idle_pool_uses_no_processor_time(case: LayerCase) -> None:
    run_native(case, precision="float32", num_threads=3)
    time.sleep(0.05)
    before = os.times()

    time.sleep(0.5)

    after = os.times()
    assert (after.user + after.system) - (before.user + before.system) < 0.1

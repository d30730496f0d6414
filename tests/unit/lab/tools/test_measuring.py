"""CPU times, memory of tensors, and straight lines."""

import pytest
import torch

from nextword.lab.tools import TensorMemory, cpu_seconds, line_fit


def test_memory_counts_what_is_alive_at_one_time() -> None:
    with TensorMemory() as memory:
        for _ in range(10):
            torch.zeros(500)

    assert memory.peak == 2000


def test_memory_counts_what_the_backward_pass_keeps() -> None:
    weight = torch.ones(100, requires_grad=True)
    with TensorMemory(weight) as memory:
        kept = [weight.exp() for _ in range(3)]

    assert memory.peak == 3 * 400
    assert len(kept) == 3


def test_views_are_not_counted_twice() -> None:
    with TensorMemory() as memory:
        whole = torch.zeros(100)
        parts = whole.split(10)

    assert memory.peak == 400
    assert len(parts) == 10


def test_line_fit_of_a_bent_line_is_below_1() -> None:
    assert line_fit([1, 2, 3, 4], [1, 4, 9, 16]) < 0.99


def test_cpu_seconds_is_positive_and_restores_the_threads() -> None:
    threads = torch.get_num_threads()

    assert cpu_seconds(lambda: sum(range(10_000)), repeats=2) > 0
    assert torch.get_num_threads() == threads


def test_line_fit_is_exact_for_a_line() -> None:
    assert line_fit([1, 2, 5], [3, 5, 11]) == pytest.approx(1.0)

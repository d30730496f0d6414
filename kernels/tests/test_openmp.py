"""Running on the threads of torch's OpenMP instead of a pool of their own."""

import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import nextword_kernels as kernels
from native_layers import run_native
from reference_layers import LayerCase, made_up_case

LIBRARIES = sorted((Path(torch.__file__).parent / "lib").glob("libgomp*.so*"))
pytestmark = pytest.mark.skipif(not LIBRARIES, reason="this torch brings no libgomp of its own")


@pytest.fixture
def case() -> LayerCase:
    return made_up_case("lstm", hidden_size=63, batch_size=4, num_steps=6)


@pytest.fixture
def shared() -> Iterator[None]:
    kernels.share_openmp(str(LIBRARIES[0]))
    yield
    kernels.forget_openmp()


def test_kernels_on_shared_threads_give_the_same_numbers(case: LayerCase) -> None:
    expected = run_native(case, precision="float32", num_threads=2)

    kernels.share_openmp(str(LIBRARIES[0]))
    results = run_native(case, precision="float32", num_threads=2)
    kernels.forget_openmp()

    assert all(torch.equal(results[name], expected[name]) for name in expected)


@pytest.mark.parametrize("num_threads", [1, 2, 3, 8])
def test_barrier_holds_on_shared_threads(shared: None, num_threads: int) -> None:
    num_rounds = 50_000 if num_threads <= 2 else 1_000

    assert kernels.count_barrier_failures(num_threads, num_rounds) == 0


def run_in_child(case: LayerCase, queue: multiprocessing.Queue) -> None:
    queue.put(run_native(case, precision="float32", num_threads=2)["outputs"].sum().item())


def test_child_of_a_fork_does_not_wait_for_threads_it_has_not(
    shared: None, case: LayerCase
) -> None:
    expected = run_native(case, precision="float32", num_threads=2)["outputs"].sum().item()
    context = multiprocessing.get_context("fork")
    queue: multiprocessing.Queue = context.Queue()
    child = context.Process(target=run_in_child, args=(case, queue))

    child.start()

    assert queue.get(timeout=60) == expected
    child.join()


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/nowhere/libgomp.so.1", "not a library that this process has loaded"),
        ("libc.so.6", "has not the entries of GNU's OpenMP"),
    ],
    ids=["not-loaded", "another-library"],
)
def test_share_openmp_another_file_is_refused(path: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kernels.share_openmp(path)

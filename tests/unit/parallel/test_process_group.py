"""Two processes that exchange values by gloo, and train as one process does."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

import several_processes as several
from nextword.base import MismatchError
from nextword.parallel import current_world
from nextword.storage import load_latest_checkpoint
from training_runs import final_tensors

Found = tuple[Path, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """What each of two processes found; started once for all tests of this file."""
    folder = tmp_path_factory.mktemp("processes")
    several.text_file(folder)
    processes = several.start_processes([several.__file__, str(folder)])
    ended = several.wait_for_end(processes)
    assert [code for code, _, _ in ended] == [0, 0], [errors for _, _, errors in ended]
    return folder, [torch.load(folder / f"found-{rank}.pt") for rank in range(2)]


@pytest.mark.exhaustive
def test_values_are_exchanged(found: Found) -> None:
    first, second = (each["exchanged"] for each in found[1])

    assert (first.pop("rank"), second.pop("rank")) == (0, 1)
    assert (first.pop("gather"), second.pop("gather")) == ([0, 10], [])
    assert first == second
    assert first == {
        "sum": [2.0, 2.0],
        "largest": 7,
        "from_first": {"rank": 0},
        "dense": [[3.0, 3.0]] * 3,
        "has_unused": False,
        "partly": [[1.0, 1.0]] * 3,
        "sparse": [[1.0, 1.0], [0.0, 0.0], [3.0, 3.0]],
        "copied": [[0.0, 0.0]] * 2,
    }


@pytest.mark.exhaustive
@pytest.mark.parametrize("variant", several.VARIANTS)
def test_two_processes_train_as_one_does(variant: str, found: Found, tmp_path: Path) -> None:
    config = several.config_of(several.text_file(tmp_path), several.VARIANTS[variant])
    alone = several.trained(config, tmp_path)

    for process in found[1]:
        together = process[variant]
        assert together.keys() == alone.keys()
        for name, tensor in alone.items():
            torch.testing.assert_close(together[name], tensor, rtol=1e-10, atol=1e-12)


@pytest.mark.exhaustive
def test_processes_have_equal_weights(found: Found) -> None:
    first, second = (process["stream"] for process in found[1])

    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.exhaustive
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds threads in /proc")
@pytest.mark.parametrize("rank", [0, 1])
def test_no_thread_of_the_connections_is_left_after_training(rank: int, found: Found) -> None:
    threads = (found[0] / f"threads-{rank}.txt").read_text()

    assert "python" in threads
    assert "gloo" not in threads


@pytest.mark.exhaustive
def test_signal_to_one_process_stops_all_and_the_run_resumes_to_the_bit(found: Found) -> None:
    folder, processes = found

    assert [process["stopped"] for process in processes] == [True, True]
    whole, resumed = (final_tensors(folder / name) for name in ("whole", "resumed"))
    whole.pop("process.1.random.python"), resumed.pop("process.1.random.python")
    assert whole.keys() == resumed.keys()
    assert [name for name in whole if not torch.equal(whole[name], resumed[name])] == []


@pytest.mark.exhaustive
def test_checkpoint_has_the_states_of_all_processes(found: Found) -> None:
    checkpoint = load_latest_checkpoint(found[0] / "resharded" / "checkpoints")

    assert checkpoint is not None
    assert checkpoint.step == several.STOPPED_BEFORE
    assert checkpoint.values["num_processes"] == 2
    assert len(checkpoint.tensors["bptt.state.0.num_tokens"]) == 5
    assert not torch.equal(
        checkpoint.tensors["random.torch"], checkpoint.tensors["process.1.random.torch"]
    )


@pytest.mark.exhaustive
def test_other_number_of_processes_is_refused_without_reshard(found: Found, tmp_path: Path) -> None:
    folder = shutil.copytree(found[0] / "resharded", tmp_path / "run")
    config = several.config_of(found[0] / "text.txt", several.VARIANTS["overlapping windows"])

    with pytest.raises(MismatchError, match="trained on 2 processes, this training has 1") as error:
        several.run_to_end(config, folder)

    assert "--reshard" in error.value.help


@pytest.mark.exhaustive
def test_resharded_run_equals_that_of_one_process(found: Found, tmp_path: Path) -> None:
    folder = shutil.copytree(found[0] / "resharded", tmp_path / "run")
    config = several.config_of(found[0] / "text.txt", several.VARIANTS["overlapping windows"])

    several.run_to_end(config, folder, reshard=True)
    several.run_to_end(config, tmp_path / "alone")

    resharded, alone = final_tensors(folder), final_tensors(tmp_path / "alone")
    for name, tensor in alone.items():
        if not name.startswith("random."):
            torch.testing.assert_close(resharded[name], tensor, rtol=1e-10, atol=1e-12)


def test_without_a_process_group_there_is_one_process() -> None:
    world = current_world()

    assert (world.rank, world.size, world.is_first) == (0, 1, True)
    assert (world.sum([2, 0.5]), world.largest(3), world.gather("a")) == ([2, 0.5], 3, ["a"])

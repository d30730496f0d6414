"""Trainings of the tasks on two processes: equal to those of one, and resumed to the bit."""

import json
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

import several_processes as several
from cli.caller import Call
from cli.test_processes import children, in_two_processes, torchrun, wait_for
from nextword.storage import load_latest_checkpoint, load_model_folder
from training_runs import assert_equal_runs

pytestmark = [pytest.mark.exhaustive, pytest.mark.slow]

NUM_ITEMS = 40
PEOPLE, PLACES = ("Anna", "Paul", "Emma"), ("hall", "attic", "garden")
SHARED: dict[str, object] = {
    # In every second or third update, the processes have different numbers of items, or none.
    "training.batch_size": 17,
    "training.precision": "float32",
    "training.max_steps": 6,
    # AdamW divides by the size of the gradient, which enlarges differences of rounding.
    "optimizer.kind": "sgd",
    "optimizer.learning_rate": 0.1,
    "schedule.kind": "constant",
    "encoder.hidden_size": 8,
}
WORD_ENCODER = {
    "encoder.word_embedding_size": 8,
    "encoder.word_dropout": 0.0,
    "encoder.input_dropout": 0.0,
    "encoder.output_dropout": 0.0,
}
#: Enough updates to be stopped in the middle, with dropout, which each process draws for itself.
STOPPABLE: dict[str, object] = {
    "training.max_steps": 240,
    "training.epochs": 1000,
    "evaluation.patience": 1000,
    "training.checkpoint_every": 10,
    "training.precision": "float32",
    "training.batch_size": 17,
    "encoder.hidden_size": 8,
}
SMALL_DECODER = {"decoder.hidden_size": 8, "decoder.embedding_size": 8}


@dataclass(frozen=True, kw_only=True)
class Task:
    """A task.

    Attributes:
        text: Training text; a line or a block an item.
        suffix: Of its file.
        settings: Settings without dropout, which differs between processes.
    """

    text: str
    suffix: str
    settings: Mapping[str, object]


TASKS = {
    "classify": Task(
        text="".join(
            f"{' '.join(f'w{(i * j) % 7}' for j in range(1 + i % 5))}\t{'ab'[i % 2]}\n"
            for i in range(NUM_ITEMS)
        ),
        suffix="tsv",
        settings={
            **WORD_ENCODER,
            "classification.dropout": 0.0,
            "ngrams.text_dropout": 0.0,
        },
    ),
    "transduce": Task(
        text="".join(f"{'abcd'[: 1 + i % 4]}\t{'dcba'[: 1 + i % 3]}\n" for i in range(NUM_ITEMS)),
        suffix="tsv",
        settings={"encoder.embedding_size": 8, "transduction.dropout": 0.0, **SMALL_DECODER},
    ),
    "read": Task(
        text="".join(
            json.dumps(
                {
                    "passage": [f"{PEOPLE[i % 3]} is in the {PLACES[i % 2]}.", "It is late."],
                    "question": f"Where is {PEOPLE[i % 3]}?",
                    "answer": PLACES[i % 2],
                }
            )
            + "\n"
            for i in range(NUM_ITEMS)
        ),
        suffix="jsonl",
        settings={**WORD_ENCODER, "reading.dropout": 0.0},
    ),
}
TAGGED = "\n\n".join(
    "\n".join(f"w{(i + j) % 7}\t{'AB'[(i + j) % 2]}" for j in range(1 + i % 4))
    for i in range(NUM_ITEMS)
)
#: Name of the file and content of a training text of every task.
TEXTS = {
    "tag": ("train.tsv", TAGGED),
    **{name: (f"train.{task.suffix}", task.text) for name, task in TASKS.items()},
}


def command(name: str, folder: Path, **changes: object) -> tuple[object, ...]:
    """The training of a task, without its run folder."""
    task = TASKS[name]
    text = folder / f"train.{task.suffix}"
    text.write_text(task.text)
    settings = {**SHARED, **task.settings, **changes}
    options = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    return (name, "train", text, "--valid", text, "--quiet", "--json", *options, "--out")


def assert_close_figures(one: Any, other: Any, *, place: str = "") -> None:
    """Compare results: counts and texts must be equal, figures equal up to rounding."""
    if isinstance(one, dict):
        assert one.keys() == other.keys(), place
        for key in one.keys() - {"seconds", "run", "model"}:
            if not key.endswith("_per_second"):
                assert_close_figures(one[key], other[key], place=f"{place}.{key}")
    elif isinstance(one, float):
        assert other == pytest.approx(one, rel=1e-4, abs=1e-5), place
    else:
        assert other == one, place


@pytest.mark.parametrize("name", TASKS)
def test_task_trained_by_two_processes_is_that_of_one(name: str, cli: Call, tmp_path: Path) -> None:
    words = command(name, tmp_path)

    (first, second), alone = (
        in_two_processes(*words, tmp_path / "two"),
        cli(*words, tmp_path / "one"),
    )

    assert (first[0], second, alone.code) == (0, (0, "", ""), 0), first[2] + alone.err
    one, two = (load_model_folder(tmp_path / run / "model").tensors for run in ("one", "two"))
    assert one.keys() == two.keys()
    for tensor in one:
        torch.testing.assert_close(two[tensor], one[tensor], rtol=1e-4, atol=1e-5)
    assert_close_figures(json.loads(alone.out), json.loads(first[1]))
    last_one, last_two = (
        load_latest_checkpoint(tmp_path / run / "checkpoints") for run in ("one", "two")
    )
    assert last_one is not None
    assert last_two is not None
    assert (last_two.step, last_two.values["num_processes"]) == (6, 2)
    assert last_two.values["progress"]["num_seen"] == last_one.values["progress"]["num_seen"] > 0


def stoppable(name: str, folder: Path) -> tuple[object, ...]:
    """A training of a task that resumes itself, without its run folder."""
    file, content = TEXTS[name]
    (folder / file).write_text(content)
    options = [word for key, value in STOPPABLE.items() for word in ("--set", f"{key}={value}")]
    return (name, "train", folder / file, "--quiet", *options, "--resume", "auto", "--out")


@pytest.mark.parametrize("name", TEXTS)
def test_signal_to_one_process_of_a_task_stops_all_and_two_resume_to_the_bit(
    name: str, cli: Call, tmp_path: Path
) -> None:
    words, run = stoppable(name, tmp_path), tmp_path / "stopped"
    processes = several.start_processes(["-m", "nextword", *map(str, words), str(run)])
    wait_for(run / "checkpoints" / "step-00000010")
    processes[1].send_signal(signal.SIGTERM)
    ended = several.wait_for_end(processes)
    errors = [error for _, _, error in ended]
    assert [code for code, _, _ in ended] == [143, 143], errors
    advice = f"nextword {name} train --out {run} --resume auto"
    assert "stopped and saved" in errors[0]
    assert advice in errors[0]
    checkpoint = load_latest_checkpoint(run / "checkpoints")
    assert checkpoint is not None
    assert checkpoint.values["num_processes"] == 2
    assert not checkpoint.values["progress"]["is_finished"]

    alone = cli(*words, run)
    assert alone.code == 2
    assert "was trained on 2 processes, this training has 1" in alone.err
    assert "help: Start 2 processes" in alone.err
    assert "--reshard" not in alone.err  # only nextword train has it

    # The advice is what is typed, and the checkpoint is as it was.
    for resumed in (
        in_two_processes(*advice.split()[1:]),
        in_two_processes(*words, tmp_path / "a"),
    ):
        assert [code for code, _, _ in resumed] == [0, 0], resumed[0][2]
    assert_equal_runs(run, tmp_path / "a")


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds processes in /proc")
def test_killed_process_of_a_task_is_restarted_and_the_run_ends_like_one_that_was_not_killed(
    tmp_path: Path,
) -> None:
    words = stoppable("classify", tmp_path)
    agent = torchrun("--max-restarts", "1", "-m", "nextword", *words, tmp_path / "killed")
    wait_for(tmp_path / "killed" / "checkpoints" / "step-00000010")
    os.kill(children(agent.pid)[1], signal.SIGKILL)
    _, err = agent.communicate(timeout=280)
    assert agent.returncode == 0, err

    assert [code for code, _, _ in in_two_processes(*words, tmp_path / "whole")] == [0, 0]
    assert_equal_runs(tmp_path / "killed", tmp_path / "whole")

"""Runs of tasks: killed at any moment, they resume to the same bits."""

import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import nextword as nw
import tiny_reader
from training_runs import assert_equal_runs

Settings = dict[str, dict[str, Any]]

#: Trains, but dies by SIGKILL after an update or at a write to the disk.
CHILD = """
import json, os, signal, sys
import nextword as nw
from nextword.training import Callback

function, file, out, settings, kill_at_step, kill_at_sync = json.loads(sys.argv[1])

class Killer(Callback):
    def on_step(self, record):
        if record.step == kill_at_step:
            os.kill(os.getpid(), signal.SIGKILL)

real_fsync, calls = os.fsync, 0
def fsync(descriptor):
    global calls
    calls += 1
    if calls == kill_at_sync:
        os.kill(os.getpid(), signal.SIGKILL)
    real_fsync(descriptor)
os.fsync = fsync

getattr(nw, function)(file, out=out, settings=settings, resume="auto",
                      callbacks=lambda run: [Killer()])
"""


def pairs(folder: Path) -> tuple[str, Settings]:
    """Pairs of a string and its copy in capitals, and settings of a small transducer."""
    generator = random.Random(1)
    texts = ["".join(generator.choices("abc", k=generator.randint(1, 4))) for _ in range(80)]
    path = folder / "pairs.tsv"
    path.write_text("".join(f"{text}\t{text.upper()}\n" for text in texts))
    sizes = {"hidden_size": 8, "embedding_size": 8}
    settings: Settings = {
        "encoder": sizes,
        "decoder": {**sizes, "input_feeding": True, "location_width": 1},
        "transduction": {"free_running_probability": 0.2},
        "training": {"batch_size": 8, "epochs": 2, "precision": "float32", "device": "cpu"},
    }
    return str(path), settings


def questions(folder: Path) -> tuple[str, Settings]:
    """Questions about tiny stories, and settings of a small reader."""
    path = tiny_reader.tiny_file(folder / "questions.jsonl", 80)
    return str(path), tiny_reader.tiny_settings(training={"batch_size": 8})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("function", "make"),
    [
        ("train_transducer", pairs),
        pytest.param("train_reader", questions, marks=pytest.mark.exhaustive),
    ],
)
@pytest.mark.parametrize(
    "kills", [((7, 0),), pytest.param(((0, 20), (11, 0), (0, 35)), marks=pytest.mark.exhaustive)]
)
def test_task_run_killed_and_resumed_equals_one_run(
    function: str,
    make: Callable[[Path], tuple[str, Settings]],
    kills: tuple[tuple[int, int], ...],
    tmp_path: Path,
) -> None:
    file, settings = make(tmp_path)
    settings["training"] |= {"log_every": 1, "checkpoint_every": 3}
    train = getattr(nw, function)
    train(file, out=tmp_path / "whole", settings=settings)
    for kill_at_step, kill_at_sync in kills:
        arguments = [function, file, str(tmp_path / "killed"), settings, kill_at_step, kill_at_sync]
        child = subprocess.run(
            [sys.executable, "-c", CHILD, json.dumps(arguments)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert child.returncode == -9, child.stderr

    train(file, out=tmp_path / "killed", settings=settings, resume="auto")

    assert_equal_runs(tmp_path / "killed", tmp_path / "whole")

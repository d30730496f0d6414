"""A training that stops and goes on: equal to the last bit to one that never stopped."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stopping import StopAt
from training_runs import Recorder, assert_equal_runs, train

Settings = Callable[..., dict[str, Any]]

#: Trains like the parent, but dies by SIGKILL after some updates or some fsyncs.
CHILD = """
import json, os, signal, sys
import nextword as nw
from nextword.training import Callback

text, out, settings, kill_at_step, kill_at_sync = json.loads(sys.argv[1])

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

nw.train(text, out=out, recipe="lstm-small", settings=settings, resume="auto",
         callbacks=lambda run: [Killer()])
"""


VARIANTS = {
    "stream": {},
    "overlapping windows": {"training": {"update_every": 7, "bptt_steps": 14}},
    "several windows an update": {"training": {"update_every": 14}},
    "lines": {"training": {"reset": "line", "epochs": 1}},
    "auto clipping, plateau, sgd": {
        "clipping": {"kind": "auto"},
        "schedule": {"kind": "plateau"},
        "optimizer": {"kind": "sgd", "momentum": 0.5, "learning_rate": 0.1},
    },
    "noise inside the recurrence, penalties, learnt state": {
        "model": {"learnt_initial_state": True},
        "regularization": {
            "recurrent_dropout": 0.2,
            "weight_dropout": 0.2,
            "zoneout_hidden": 0.1,
            "zoneout_cell": 0.1,
            "activation_penalty": 2.0,
            "temporal_penalty": 1.0,
        },
        "training": {"epochs": 3},
    },
    "clipped at every step": {"clipping": {"state_threshold": 1e-3}},
    "free running": {"training": {"free_running_probability": 0.5, "max_steps": 60}},
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_stopped_and_resumed_run_equals_uninterrupted_one_to_the_bit(
    variant: str, corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    values = settings(**VARIANTS[variant])
    values["training"]["log_every"] = 1
    train(corpus_file, tmp_path / "whole", values)

    for step in (3, 11, 40):
        with pytest.raises(KeyboardInterrupt):
            train(
                corpus_file,
                tmp_path / "parts",
                values,
                resume="auto",
                callbacks=lambda _, step=step: [StopAt(step, signal.SIGINT)],
            )
    train(corpus_file, tmp_path / "parts", values, resume="auto")

    assert_equal_runs(tmp_path / "parts", tmp_path / "whole")


def test_bit_equality_check_when_one_update_is_lost_fails(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    train(corpus_file, tmp_path / "whole", settings(training={"max_steps": 30}))
    train(corpus_file, tmp_path / "less", settings(training={"max_steps": 29}))

    with pytest.raises(AssertionError):
        assert_equal_runs(tmp_path / "less", tmp_path / "whole")


@pytest.mark.slow
def test_run_killed_at_any_moment_resumes_to_the_same_bits(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    values = settings(training={"log_every": 1, "checkpoint_every": 4})
    train(corpus_file, tmp_path / "whole", values)
    # After an update; while saving a checkpoint; while saving the best model; before any of them.
    for kill_at_step, kill_at_sync in ((10, 0), (0, 30), (37, 0), (0, 55), (0, 3), (70, 0)):
        assert run_child(corpus_file, tmp_path / "killed", values, kill_at_step, kill_at_sync) == -9

    train(corpus_file, tmp_path / "killed", values, resume="auto")

    assert_equal_runs(tmp_path / "killed", tmp_path / "whole")


def run_child(
    text: Path, out: Path, values: dict[str, Any], kill_at_step: int, kill_at_sync: int
) -> int:
    arguments = json.dumps([str(text), str(out), values, kill_at_step, kill_at_sync])
    child = subprocess.run(
        [sys.executable, "-c", CHILD, arguments], capture_output=True, text=True, check=False
    )
    assert "Traceback" not in child.stderr, child.stderr
    return child.returncode


def test_resume_with_more_epochs_goes_on(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    first = train(corpus_file, tmp_path / "run", settings(training={"epochs": 1}))

    second = train(corpus_file, tmp_path / "run", settings(training={"epochs": 3}), resume="auto")

    assert second.progress.step == 3 * first.progress.step


def test_resume_with_more_epochs_measures_the_same_weights_but_once(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    sections = {"evaluation": {"patience": 1}}
    train(corpus_file, tmp_path / "run", settings(**sections, training={"epochs": 1}))
    recorder = Recorder()

    result = train(
        corpus_file,
        tmp_path / "run",
        settings(**sections, training={"epochs": 2}),
        resume="auto",
        callbacks=lambda _: [recorder],
    )

    assert [record.step for record in recorder.validations] == [result.progress.step]

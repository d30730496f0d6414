"""A training that stops and goes on: equal to the last bit to one that never stopped."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import nextword as nw
from fit_jobs import training_state
from nextword.base import MismatchError
from nextword.optim import SparseDescent
from nextword.storage import Checkpoint
from nextword.training import TrainingState
from stopping import StopAt
from training_runs import Recorder, assert_equal_runs, train

Settings = Callable[..., dict[str, Any]]
pytestmark = pytest.mark.usefixtures("no_pictures")

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


#: Update, and write to the disk, at which a process is killed: after an update, while it saves a
#: checkpoint or the best model, and before any of them.
KILLS = ((10, 0), (0, 30), (37, 0), (0, 55), (0, 3), (70, 0))


@pytest.mark.slow
@pytest.mark.parametrize(
    "kills", [KILLS[:2], pytest.param(KILLS, marks=pytest.mark.exhaustive)], ids=["two", "six"]
)
def test_run_killed_at_any_moment_resumes_to_the_same_bits(
    kills: tuple[tuple[int, int], ...], corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    values = settings(training={"log_every": 1, "checkpoint_every": 4})
    train(corpus_file, tmp_path / "whole", values)
    for kill_at_step, kill_at_sync in kills:
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


def state_of(text: Path, folder: Path, values: dict[str, Any]) -> TrainingState:
    config = nw.run_config(str(text), recipe="lstm-small", settings=[values])
    return training_state(config, folder)


def update(state: TrainingState) -> float:
    """Make one update; its loss."""
    found = state.compute_gradient()
    assert found is not None
    state.apply_gradient(0.01)
    state.progress.step += 1
    state.meter.add(*found)
    return found[0].loss_sum


@pytest.mark.parametrize(
    ("training", "num_updates"),
    # 240 lines of 6.2 tokens in four rows of 372 tokens.
    [
        ({}, 54),
        ({"bptt_steps": 6}, 62),
        ({"update_every": 14}, 27),
        ({"update_every": 21}, 18),
        ({"bptt_steps": 14, "update_every": 7}, 54),
    ],
    ids=["windows", "no rest", "two windows", "three windows", "overlapping"],
)
def test_state_counts_the_updates_of_an_epoch(
    training: dict[str, int],
    num_updates: int,
    corpus_file: Path,
    tmp_path: Path,
    settings: Settings,
) -> None:
    values = settings(training=training, text={"split": [1.0, 0.0, 0.0]})
    state = state_of(corpus_file, tmp_path / "tokens", values)

    made = 0
    while state.compute_gradient() is not None:
        made += 1

    assert made == state.objective.updates_per_epoch == num_updates
    assert state.planned_steps() == 2 * num_updates


def test_state_plain_descent_clips_through_its_learning_rate(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    values = settings(
        optimizer={"kind": "sgd", "learning_rate": 0.5},
        clipping={"kind": "norm", "threshold": 1e-3},
    )
    state = state_of(corpus_file, tmp_path / "tokens", values)

    found = state.compute_gradient()
    assert found is not None
    state.apply_gradient(0.5)

    scale = found[1].scale
    assert 0.0 < scale < 0.9
    assert state.optimizer.param_groups[0]["lr"] == pytest.approx(0.5 * scale)


def test_state_tables_descend_by_the_share_of_the_highest_learning_rate(
    corpus_file: Path, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares: list[float] = []
    monkeypatch.setattr(SparseDescent, "step", lambda self, *, share: shares.append(share))
    state = state_of(
        corpus_file, tmp_path / "tokens", settings(optimizer={"kind": "sgd", "learning_rate": 0.5})
    )

    assert state.compute_gradient() is not None
    state.apply_gradient(0.125)

    assert shares == [0.25]


def test_state_rewound_makes_the_same_update_again(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    state = state_of(corpus_file, tmp_path / "tokens", settings())
    update(state)
    mark = state.mark()
    first = state.compute_gradient()

    state.rewind(mark)

    assert first is not None
    assert state.compute_gradient() == first


def test_state_restored_goes_on_with_the_same_losses(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    one = state_of(corpus_file, tmp_path / "tokens", settings())
    for _ in range(3):
        update(one)
    tensors, values = one.collect()
    tensors = {name: tensor.clone() for name, tensor in tensors.items()}
    expected = [update(one) for _ in range(3)]
    other = state_of(corpus_file, tmp_path / "tokens", settings())

    other.restore(Checkpoint(step=3, tensors=tensors, values=json.loads(json.dumps(values))))

    assert other.progress.step == 3
    assert [update(other) for _ in range(3)] == expected


def test_state_of_another_batch_size_is_not_restored(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    tensors, values = state_of(corpus_file, tmp_path / "tokens", settings()).collect()
    other = state_of(corpus_file, tmp_path / "tokens", settings(training={"batch_size": 5}))

    with pytest.raises(MismatchError, match="checkpoint of step 7 reads 4 rows, this run 5"):
        other.restore(Checkpoint(step=7, tensors=tensors, values=values))


def test_state_restored_elsewhere_warns_that_bits_may_differ(
    corpus_file: Path, tmp_path: Path, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    state = state_of(corpus_file, tmp_path / "tokens", settings())
    tensors, values = state.collect()
    values["environment"] = {"torch": "0.4.1", "num_threads": 1}

    state.restore(Checkpoint(step=0, tensors=tensors, values=values))

    assert "0.4.1" in caplog.text


def test_state_restored_here_warns_of_nothing(
    corpus_file: Path, tmp_path: Path, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    state = state_of(corpus_file, tmp_path / "tokens", settings())
    tensors, values = state.collect()

    state.restore(Checkpoint(step=0, tensors=tensors, values=values))

    assert "may differ" not in caplog.text


def test_state_extended_by_the_same_length_stays_as_it_is(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    state = state_of(corpus_file, tmp_path / "tokens", settings())
    state.progress.num_steps, state.progress.is_finished = 17, True

    state.extend()

    assert (state.progress.num_steps, state.progress.is_finished) == (17, True)


@pytest.mark.parametrize(
    ("max_steps", "is_finished"), [(29, True), (30, True), (31, False)], ids=str
)
def test_state_extended_by_another_length_is_planned_anew(
    max_steps: int, is_finished: bool, corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    state = state_of(corpus_file, tmp_path / "tokens", settings(training={"max_steps": max_steps}))
    state.progress.limits, state.progress.step = [2, 30, None], 30
    state.progress.limits[0] = 1
    state.progress.elapsed_s, state.progress.is_fitted = 8.0, True

    state.extend()

    progress = state.progress
    assert (progress.num_steps, progress.is_finished) == (max_steps, is_finished)
    assert (progress.planned_at_step, progress.planned_at_s) == (30, 8.0)
    assert not progress.is_fitted
    assert progress.limits == [2, max_steps, None]

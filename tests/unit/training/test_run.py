"""Whole trainings: what they leave behind, going on after a stop, and refusing what is wrong."""

import itertools
import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

import nextword as nw
from nextword.base import ConfigError, DataError, DivergedError, LockedError, MismatchError
from nextword.optim import Clipper
from nextword.storage import RunLock, load_latest_checkpoint, load_model_folder
from nextword.training import Callback, StepRecord, TensorBoard, ValidationRecord
from stopping import StopAt, StopAtValidation

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


class Recorder(Callback):
    """Keeps every record."""

    def __init__(self) -> None:
        self.steps: list[StepRecord] = []
        self.validations: list[ValidationRecord] = []

    def on_step(self, record: StepRecord) -> None:
        self.steps.append(record)

    def on_validation(self, record: ValidationRecord) -> None:
        self.validations.append(record)


def train(text: Path, out: Path, settings: dict[str, Any], **options: Any) -> Any:
    return nw.train(str(text), out=out, recipe="lstm-small", settings=settings, **options)


def final_tensors(run: Path) -> dict[str, Tensor]:
    """Everything the last checkpoint holds: weights, optimiser, average, states, generators.

    Python's own generator is left out: the shape checker of these tests draws from it.
    """
    checkpoint = load_latest_checkpoint(run / "checkpoints")
    assert checkpoint is not None
    return {n: t for n, t in checkpoint.tensors.items() if n != "random.python"}


def assert_equal_runs(one: Path, other: Path) -> None:
    ours, theirs = final_tensors(one), final_tensors(other)
    assert ours.keys() == theirs.keys()
    different = [name for name in ours if not torch.equal(ours[name], theirs[name])]
    assert different == []
    assert metrics_without_time(one) == metrics_without_time(other)
    best = load_model_folder(one / "model").tensors
    for name, tensor in load_model_folder(other / "model").tensors.items():
        assert torch.equal(best[name], tensor)


def metrics_without_time(run: Path) -> list[dict[str, Any]]:
    records = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    timed = ("elapsed_s", "train/tokens_per_second")
    return [{k: v for k, v in record.items() if k not in timed} for record in records]


def test_train_leaves_a_complete_run_folder(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    result = train(corpus_file, tmp_path / "run", settings())

    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert names >= {
        "config.toml",
        "metrics.jsonl",
        "checkpoints",
        "model",
        "plots",
        "tokens",
        "report.html",
        "lock",
    }
    assert (tmp_path / "run/plots/training-curve.png").read_bytes().startswith(b"\x89PNG")
    assert result.to_dict()["test"]["perplexity"] > 1.0


def test_train_learns_and_reports_falling_loss(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    recorder = Recorder()
    values = settings(training={"epochs": 6}, optimizer={"learning_rate": 0.02})

    train(corpus_file, tmp_path / "run", values, callbacks=lambda _: [recorder])

    losses = [record.nll_per_token for record in recorder.steps]
    assert losses[-1] < 0.6 * losses[0]
    assert len(recorder.validations) == 6
    assert recorder.validations[-1].nll_per_token < recorder.validations[0].nll_per_token


def test_saved_config_reruns_to_the_same_weights(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    train(corpus_file, tmp_path / "one", settings())

    nw.train(out=tmp_path / "two", recipe=str(tmp_path / "one" / "config.toml"))

    assert_equal_runs(tmp_path / "one", tmp_path / "two")


def test_final_card_equals_evaluate(corpus_file: Path, tmp_path: Path, settings: Settings) -> None:
    test_file = tmp_path / "test.txt"
    test_file.write_text("the cat eats a fish\nthe old man opened the door\n")
    values = settings(text={"test": (str(test_file),)})

    result = train(corpus_file, tmp_path / "run", values)

    again = nw.load(tmp_path / "run").evaluate(str(test_file), batch_size=1, chunk_length=3)
    assert again.nll_sum == pytest.approx(result.test.nll_sum, rel=1e-6)


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


def test_sigterm_saves_and_exits_143(corpus_file: Path, tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(SystemExit) as stopped:
        train(
            corpus_file,
            tmp_path / "run",
            settings(training={"log_every": 1}),
            callbacks=lambda _: [StopAt(5, signal.SIGTERM)],
        )

    checkpoint = load_latest_checkpoint(tmp_path / "run" / "checkpoints")
    assert stopped.value.code == 143
    assert checkpoint is not None
    assert checkpoint.step == 5


def test_resume_of_a_finished_run_trains_no_more(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    first = train(corpus_file, tmp_path / "run", settings())
    before = final_tensors(tmp_path / "run")

    second = train(corpus_file, tmp_path / "run", settings(), resume="auto")

    assert second.test.nll_sum == first.test.nll_sum
    assert all(torch.equal(before[n], t) for n, t in final_tensors(tmp_path / "run").items())


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


def test_resume_with_more_minutes_fits_the_schedule_to_them(
    corpus_file: Path, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(perf_counter=itertools.count(0.0, 0.05).__next__)
    monkeypatch.setattr("nextword.training.trainer.time", clock)

    def minutes(number: float) -> dict[str, Any]:
        return settings(training={"epochs": 100000, "max_minutes": number})

    first = train(corpus_file, tmp_path / "run", minutes(0.5))
    second = train(corpus_file, tmp_path / "run", minutes(1.5), resume="auto")

    assert second.progress.step > 2 * first.progress.step


def test_resume_between_two_records_tells_of_all_updates(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    values = settings(training={"log_every": 6, "max_steps": 240}, evaluation={"every": 4})
    values["training"]["epochs"] = 100
    whole, parts = Recorder(), Recorder()
    train(corpus_file, tmp_path / "whole", values, callbacks=lambda _: [whole])

    with pytest.raises(KeyboardInterrupt):
        train(
            corpus_file,
            tmp_path / "parts",
            values,
            callbacks=lambda _: [parts, StopAtValidation(8)],
        )
    train(corpus_file, tmp_path / "parts", values, resume="auto", callbacks=lambda _: [parts])

    figures = [
        [(each.step, each.nll_per_token, each.grad_norm, each.clip_rate) for each in recorder.steps]
        for recorder in (parts, whole)
    ]
    assert figures[0] == figures[1]


def test_resume_without_naming_text_or_recipe_takes_the_saved_settings(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    first = train(corpus_file, tmp_path / "run", settings(training={"epochs": 1}))

    second = nw.train(out=tmp_path / "run", settings={"training": {"epochs": 2}}, resume="auto")

    assert second.progress.step == 2 * first.progress.step


def test_resume_with_other_settings_is_refused(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    train(corpus_file, tmp_path / "run", settings())

    with pytest.raises(MismatchError, match=r"model\.hidden_size is 13, .*started with 12"):
        train(
            corpus_file,
            tmp_path / "run",
            settings(model={"hidden_size": 13}),
            resume="auto",
        )


def test_train_with_a_limit_at_every_step_takes_other_weights(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    values = settings(clipping={"state_threshold": 1e-4})

    limited = train(corpus_file, tmp_path / "limited", values)
    plain = train(corpus_file, tmp_path / "plain", settings())

    assert limited.test is not None
    assert plain.test is not None
    assert limited.test.nll_sum != plain.test.nll_sum
    assert limited.test.perplexity < 100.0


def test_train_into_a_used_folder_is_refused(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("mine")

    with pytest.raises(ConfigError, match="not empty") as refused:
        train(corpus_file, tmp_path / "run", settings())

    assert "--resume auto" in refused.value.help


def test_train_while_another_process_holds_the_run_is_refused(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    (tmp_path / "run").mkdir()

    with RunLock(tmp_path / "run"), pytest.raises(LockedError, match=str(os.getpid())):
        train(corpus_file, tmp_path / "run", settings())


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_loss_that_is_not_finite_stops_before_the_update(
    bad: float,
    corpus_file: Path,
    tmp_path: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = settings(training={"max_steps": 40, "log_every": 1})
    train(corpus_file, tmp_path / "whole", values)
    clip, calls = Clipper.clip, []

    def poisoned(self: Clipper, gradients: list[Tensor], **options: bool) -> object:
        calls.append(1)
        if len(calls) == 9:
            gradients[0].view(-1)[0] = bad
        return clip(self, gradients, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Clipper, "clip", poisoned)
        with pytest.raises(DivergedError, match=r"update 9 has loss .* step 8 .* is sound"):
            train(corpus_file, tmp_path / "run", values)

    # The checkpoint stands just before the bad update: from it the run goes on as if unharmed.
    train(corpus_file, tmp_path / "run", values, resume="auto")
    assert_equal_runs(tmp_path / "run", tmp_path / "whole")


@pytest.mark.parametrize("probability", [0.0, 0.5], ids=["true tokens", "its own output"])
def test_diverging_run_leaves_finite_weights(
    probability: float, corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    values = settings(
        training={"free_running_probability": probability},
        model={"cell": "elman", "nonlinearity": "relu"},
        optimizer={"kind": "sgd", "learning_rate": 1e6},
        schedule={"kind": "constant", "warmup_share": 0.0},
        clipping={"kind": "none"},
    )

    with pytest.raises(DivergedError, match="it was not made"):
        train(corpus_file, tmp_path / "run", values)

    tensors = final_tensors(tmp_path / "run")
    assert all(t.isfinite().all() for n, t in tensors.items() if n.startswith("model."))


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"schedule": {"kind": "plateau"}}, r"schedule\.kind is 'plateau', but there is no valid"),
        ({"evaluation": {"patience": 2}}, r"evaluation\.patience is 2, but there is no valid"),
    ],
)
def test_train_that_waits_for_validation_without_any_is_refused(
    sections: dict[str, Any],
    message: str,
    corpus_file: Path,
    tmp_path: Path,
    settings: Settings,
) -> None:
    values = settings(text={"split": [1.0, 0.0, 0.0]}, **sections)

    with pytest.raises(ConfigError, match=message):
        train(corpus_file, tmp_path / "run", values)

    assert not (tmp_path / "run").exists()


def test_early_stop_ends_after_validations_without_improvement(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    recorder = Recorder()
    values = settings(
        training={"epochs": 50},
        optimizer={"learning_rate": 1e-12},
        averaging={"decay": 0.0},
        evaluation={"every": 3, "patience": 2},
    )

    train(corpus_file, tmp_path / "run", values, callbacks=lambda _: [recorder])

    assert [record.is_best for record in recorder.validations][-2:] == [False, False]
    assert len(recorder.validations) < 20


def test_max_minutes_fits_the_schedule_and_ends_in_time(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    values = settings(training={"epochs": 100000, "max_minutes": 0.15, "log_every": 1})
    recorder = Recorder()

    result = train(corpus_file, tmp_path / "run", values, callbacks=lambda _: [recorder])

    assert result.progress.planned_at_s >= 5.0
    assert result.progress.elapsed_s < 0.15 * 60 + 2
    top = max(record.learning_rate for record in recorder.steps)
    assert recorder.steps[-1].learning_rate < 0.5 * top


def test_max_minutes_when_the_start_is_slow_plans_anew(
    corpus_file: Path, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = itertools.accumulate(itertools.chain([0.2] * 60, itertools.repeat(0.01)))
    clock = SimpleNamespace(perf_counter=lambda: next(reading))
    monkeypatch.setattr("nextword.training.trainer.time", clock)
    values = settings(training={"epochs": 100000, "max_minutes": 0.3, "log_every": 1})
    recorder = Recorder()

    result = train(corpus_file, tmp_path / "run", values, callbacks=lambda _: [recorder])

    planned = [record.num_steps for record in recorder.steps]
    assert min(planned) < 100
    assert result.progress.step > 3 * min(planned)
    assert recorder.steps[-1].learning_rate < 0.1 * max(r.learning_rate for r in recorder.steps)


def test_train_refused_leaves_no_folder(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "empty.txt").write_text("")

    with pytest.raises(DataError):
        train(tmp_path / "empty.txt", tmp_path / "run", settings())

    assert not (tmp_path / "run").exists()


def test_train_from_a_model_keeps_its_vocabulary_and_weights(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    train(corpus_file, tmp_path / "first", settings())
    other = tmp_path / "other.txt"
    other.write_text("the cat likes zebras\n" * 60)
    values = settings(
        text={"init": str(tmp_path / "first")},
        model={"hidden_size": 99},
        training={"max_steps": 1},
        optimizer={"learning_rate": 1e-9},
    )

    train(other, tmp_path / "second", values)

    first, second = nw.load(tmp_path / "first"), nw.load(tmp_path / "second")
    assert second.tokenizer.fingerprint == first.tokenizer.fingerprint
    assert second.perplexity("a dog eats\n") == pytest.approx(first.perplexity("a dog eats\n"))


@pytest.mark.parametrize(
    ("text", "message"), [("", "has 0 characters; .*too few"), ("x", "has 1 characters; .*too few")]
)
def test_train_on_too_little_text_is_refused(
    text: str, message: str, tmp_path: Path, settings: Settings
) -> None:
    path = tmp_path / "tiny.txt"
    path.write_text(text)

    with pytest.raises(DataError, match=message):
        train(path, tmp_path / "run", settings())


def test_one_token_corpus_is_refused(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "tiny.txt"
    path.write_text("x")
    values = settings(tokenizer={"kind": "character"}, text={"split": (1.0, 0.0, 0.0)})

    with pytest.raises(DataError, match="at least 2 are needed"):
        train(path, tmp_path / "run", values)


def test_train_without_validation_text_keeps_the_last_model(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    values = settings(text={"split": (1.0, 0.0, 0.0)})

    result = train(corpus_file, tmp_path / "run", values)

    assert result.validation is None
    assert nw.load(tmp_path / "run").perplexity("the cat sees a fish\n") > 1.0


def test_tensorboard_writes_an_event_file(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    pytest.importorskip("tensorboardX")

    train(
        corpus_file,
        tmp_path / "run",
        settings(training={"max_steps": 10}),
        callbacks=lambda run: [TensorBoard(run)],
    )

    [events] = (tmp_path / "run" / "tensorboard").iterdir()
    assert events.stat().st_size > 100

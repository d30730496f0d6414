"""The loop: what it reports, when it ends, and what it refuses."""

import itertools
import math
import os
import signal
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from torch import Tensor

import nextword as nw
from nextword.base import DivergedError
from nextword.optim import Clipper, schedule_share
from nextword.parallel import World
from nextword.storage import load_latest_checkpoint
from nextword.training.language_modeling import objective
from nextword.training.loop import trainer
from stopping import StopAtValidation
from training_runs import Recorder, assert_equal_runs, final_tensors, train

Settings = Callable[..., dict[str, Any]]
pytestmark = pytest.mark.usefixtures("no_pictures")


def test_train_learns_and_reports_falling_loss(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    recorder = Recorder()
    values = settings(training={"epochs": 6}, optimizer={"learning_rate": 0.02})

    train(corpus_file, tmp_path / "run", values, callbacks=lambda _: [recorder])

    losses = [record.figures["nll_per_token"] for record in recorder.steps]
    assert losses[-1] < 0.6 * losses[0]
    assert len(recorder.validations) == 6
    assert (
        recorder.validations[-1].figures["nll_per_token"]
        < recorder.validations[0].figures["nll_per_token"]
    )


def test_resume_with_more_minutes_fits_the_schedule_to_them(
    corpus_file: Path, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(perf_counter=itertools.count(0.0, 0.2).__next__)
    monkeypatch.setattr("nextword.training.loop.trainer.time", clock)

    def minutes(number: float) -> dict[str, Any]:
        return settings(training={"epochs": 100000, "max_minutes": number})

    first = train(corpus_file, tmp_path / "run", minutes(0.5))
    second = train(corpus_file, tmp_path / "run", minutes(1.5), resume="auto")

    assert second.progress.step > 2 * first.progress.step


def test_resume_between_two_records_tells_of_all_updates(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    values = settings(training={"log_every": 6, "max_steps": 80}, evaluation={"every": 4})
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
        [
            (each.step, each.figures["nll_per_token"], each.grad_norm, each.clip_rate)
            for each in recorder.steps
        ]
        for recorder in (parts, whole)
    ]
    assert figures[0] == figures[1]


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
        with pytest.raises(
            DivergedError, match=r"update 9 has loss .* step 8 .* was saved before it"
        ):
            train(corpus_file, tmp_path / "run", values)

    # The checkpoint stands just before the bad update: from it the run goes on as if unharmed.
    train(corpus_file, tmp_path / "run", values, resume="auto")
    assert_equal_runs(tmp_path / "run", tmp_path / "whole")


def test_large_losses_end_the_training_if_many_follow_each_other(
    corpus_file: Path, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objective, "_LARGEST_LOSS", 0.0)
    monkeypatch.setattr(trainer, "_MAX_LARGE_LOSSES", 5)

    with pytest.raises(DivergedError, match=r"update 5 has loss .* it was not made"):
        train(corpus_file, tmp_path / "five", settings(training={"max_steps": 5}))
    # Half of the updates are enough in a training with few of them.
    with pytest.raises(DivergedError, match=r"the last 4 losses, up to update 4, are far above"):
        train(corpus_file, tmp_path / "last", settings(training={"max_steps": 4}))


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


def test_max_minutes_of_a_few_seconds_fits_the_schedule_from_the_first_update(
    corpus_file: Path, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(perf_counter=itertools.count(0.0, 0.02).__next__)
    monkeypatch.setattr("nextword.training.loop.trainer.time", clock)
    values = settings(
        training={"epochs": 100000, "max_minutes": 0.05, "log_every": 1},
        schedule={"kind": "cosine", "warmup_share": 0.1},
        optimizer={"learning_rate": 0.1},
    )
    recorder = Recorder()

    result = train(corpus_file, tmp_path / "run", values, callbacks=lambda _: [recorder])

    rates = [record.learning_rate for record in recorder.steps]
    assert 20 < result.progress.step < 200
    assert result.progress.elapsed_s < 0.05 * 60 + 0.2
    assert max(record.num_steps for record in recorder.steps) < 200
    assert max(rates) > 0.09
    assert rates[-1] < 0.1 * max(rates)


def test_max_minutes_when_the_start_is_slow_plans_anew(
    corpus_file: Path, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = itertools.accumulate(itertools.chain([0.2] * 60, itertools.repeat(0.01)))
    clock = SimpleNamespace(perf_counter=lambda: next(reading))
    monkeypatch.setattr("nextword.training.loop.trainer.time", clock)
    values = settings(training={"epochs": 100000, "max_minutes": 0.3, "log_every": 1})
    recorder = Recorder()

    result = train(corpus_file, tmp_path / "run", values, callbacks=lambda _: [recorder])

    planned = [record.num_steps for record in recorder.steps]
    assert min(planned) < 100
    assert result.progress.step > 3 * min(planned)
    assert recorder.steps[-1].learning_rate < 0.1 * max(r.learning_rate for r in recorder.steps)


def test_trainer_reports_every_so_many_updates_and_at_the_end(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    recorder = Recorder()
    values = settings(training={"log_every": 3, "max_steps": 80, "epochs": 9})

    result = train(corpus_file, tmp_path / "run", values, callbacks=lambda _: [recorder])

    assert [record.step for record in recorder.steps] == [*range(3, 80, 3), 80]
    assert recorder.steps[-1].num_seen == result.progress.num_seen
    assert {record.num_steps for record in recorder.steps} == {80}


def test_trainer_reports_a_short_training_twenty_times_at_least(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    recorder = Recorder()
    values = settings(training={"log_every": 50, "max_steps": 60, "epochs": 9})

    train(corpus_file, tmp_path / "run", values, callbacks=lambda _: [recorder])

    assert [record.step for record in recorder.steps] == list(range(3, 61, 3))


def test_trainer_learning_rates_are_the_schedules(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    recorder = Recorder()
    values = settings(training={"log_every": 1, "max_steps": 20})

    train(corpus_file, tmp_path / "run", values, callbacks=lambda _: [recorder])

    schedule = nw.run_config(recipe="lstm-small", settings=[values]).schedule
    assert [record.learning_rate for record in recorder.steps] == [
        pytest.approx(4e-3 * schedule_share(schedule, step=step, num_steps=20))
        for step in range(20)
    ]


def test_trainer_validates_every_so_many_updates_and_once_at_the_end(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    recorder = Recorder()
    values = settings(training={"max_steps": 20}, evaluation={"every": 5})

    train(corpus_file, tmp_path / "run", values, callbacks=lambda _: [recorder])

    assert [record.step for record in recorder.validations] == [5, 10, 15, 20]


def test_trainer_validates_at_the_end_of_each_epoch(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    recorder = Recorder()

    result = train(corpus_file, tmp_path / "run", settings(), callbacks=lambda _: [recorder])

    half = result.progress.step // 2
    assert [(record.step, record.epoch) for record in recorder.validations] == [
        (half, 1.0),
        (2 * half, 2.0),
    ]


def test_trainer_keeps_the_best_validation(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    recorder = Recorder()
    # So large a rate makes some validations worse than the one before.
    values = settings(
        training={"max_steps": 24},
        optimizer={"learning_rate": 1.0},
        schedule={"kind": "constant", "warmup_share": 0.0},
        averaging={"decay": 0.0},
        evaluation={"every": 2},
    )

    result = train(corpus_file, tmp_path / "run", values, callbacks=lambda _: [recorder])

    losses = [record.figures["nll_per_token"] for record in recorder.validations]
    best = losses.index(min(losses))
    assert [record.is_best for record in recorder.validations] == [
        loss < min([*losses[:number], math.inf]) for number, loss in enumerate(losses)
    ]
    assert False in [record.is_best for record in recorder.validations]
    assert result.progress.best_step == recorder.validations[best].step
    assert result.progress.best_score == losses[best]


@pytest.mark.parametrize("number", [1, 2, 4], ids=["first", "second", "last"])
def test_trainer_signal_during_a_validation_interrupts_it_and_resuming_repeats_it(
    number: int, corpus_file: Path, tmp_path: Path, settings: Settings, monkeypatch: Any
) -> None:
    values = settings(training={"max_steps": 20}, evaluation={"every": 5})
    train(corpus_file, tmp_path / "whole", values)
    validate, calls = nw.training.LanguageModelingObjective.validate, itertools.count(1)

    def interrupted(self: Any) -> Any:
        if next(calls) == number:
            os.kill(os.getpid(), signal.SIGINT)
            raise AssertionError("the validation went on after the signal")
        return validate(self)

    monkeypatch.setattr(nw.training.LanguageModelingObjective, "validate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(corpus_file, tmp_path / "run", values)

    checkpoint = load_latest_checkpoint(tmp_path / "run" / "checkpoints")
    assert checkpoint is not None
    assert checkpoint.step == 5 * number
    train(corpus_file, tmp_path / "run", values, resume="auto")
    assert_equal_runs(tmp_path / "run", tmp_path / "whole")


def test_trainer_signal_that_other_processes_have_not_seen_stops_after_the_next_update(
    corpus_file: Path, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = itertools.count()

    class Exchange(World):
        def largest(self, value: int) -> int:
            if next(calls) == 3:
                os.kill(os.getpid(), signal.SIGINT)
            return value  # that of before the signal

    monkeypatch.setattr("nextword.training.loop.state.current_world", Exchange)

    with pytest.raises(KeyboardInterrupt):
        train(corpus_file, tmp_path / "run", settings())

    checkpoint = load_latest_checkpoint(tmp_path / "run" / "checkpoints")
    assert checkpoint is not None
    assert checkpoint.step == 4


@pytest.mark.parametrize("reset", ["never", "line"])
def test_trainer_validation_loss_is_that_of_the_kept_model(
    reset: str, corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    recorder = Recorder()
    values = settings(training={"reset": reset}, evaluation={"batch_size": 1})

    result = train(corpus_file, tmp_path / "run", values, callbacks=lambda _: [recorder])

    best = min(record.figures["nll_per_token"] for record in recorder.validations)
    assert math.exp(best) == pytest.approx(result.validation.perplexity, rel=1e-5)


def test_trainer_checkpoints_every_so_many_updates(
    corpus_file: Path, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[int] = []
    monkeypatch.setattr(
        "nextword.training.loop.trainer.save_checkpoint",
        lambda folder, *, step, tensors, values: saved.append(step),
    )
    values = settings(training={"max_steps": 10, "checkpoint_every": 4})

    train(corpus_file, tmp_path / "run", values)

    assert saved == [4, 8, 10]


def test_trainer_patience_ends_after_exactly_so_many_worse_validations(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    recorder = Recorder()
    values = settings(
        training={"epochs": 50},
        optimizer={"kind": "sgd", "learning_rate": 1e-30},
        averaging={"decay": 0.0},
        evaluation={"every": 2, "patience": 3},
    )

    train(corpus_file, tmp_path / "run", values, callbacks=lambda _: [recorder])

    # Weights that do not move: the first is the best, and three are no better.
    assert [record.is_best for record in recorder.validations] == [True, False, False, False]

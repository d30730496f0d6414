"""How a training ends that has no model, or none that is finite."""

import math
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import nextword as nw
from nextword.base import DivergedError
from nextword.storage import load_latest_checkpoint
from nextword.training import LanguageModelingObjective, TrainingState, Validation
from stopping import StopAt

Settings = Callable[..., dict[str, Any]]


def train(text: Path, out: Path, settings: dict[str, Any], **options: Any) -> Any:
    return nw.train(str(text), out=out, recipe="lstm-small", settings=settings, **options)


def overflow_after(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the weights of an update overflow although its loss and gradient are finite."""
    real = TrainingState.apply_gradient

    def apply(self: TrainingState, learning_rate: float) -> None:
        real(self, learning_rate)
        if self.progress.step + 1 >= step:
            with torch.no_grad():
                next(self.model.parameters())[0, 0] = math.inf

    monkeypatch.setattr(TrainingState, "apply_gradient", apply)


@pytest.mark.parametrize("score", [math.inf, math.nan])
def test_trainer_without_a_finite_validation_ends_in_a_divergence_error(
    score: float,
    corpus_file: Path,
    tmp_path: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    validation = Validation(value=score, figures={"nll": score}, headline="nll")
    monkeypatch.setattr(LanguageModelingObjective, "validate", lambda self: validation)
    values = settings(training={"max_steps": 4})

    with pytest.raises(
        DivergedError, match="no validation was finite, including the last one after"
    ) as e:
        train(corpus_file, tmp_path / "run", values)

    assert "optimizer.learning_rate" in e.value.help
    assert not (tmp_path / "run" / "model").exists()
    # The same, in as many words, for whoever tries again.
    with pytest.raises(DivergedError, match="no validation was finite"):
        train(corpus_file, tmp_path / "run", values, resume="auto")


def test_trainer_update_that_overflows_saves_nothing(
    corpus_file: Path, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    overflow_after(6, monkeypatch)

    with pytest.raises(
        DivergedError, match=r"weights are not finite after update 6 .*saved before"
    ):
        train(corpus_file, tmp_path / "run", settings(training={"checkpoint_every": 5}))

    checkpoint = load_latest_checkpoint(tmp_path / "run" / "checkpoints")
    assert checkpoint is not None
    assert checkpoint.step == 5
    assert all(bool(t.isfinite().all()) for t in checkpoint.tensors.values())


def test_trainer_update_that_overflows_first_says_there_is_no_checkpoint(
    corpus_file: Path, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    overflow_after(1, monkeypatch)

    with pytest.raises(DivergedError, match="there is no earlier checkpoint"):
        train(corpus_file, tmp_path / "run", settings(training={"max_steps": 1}))


def test_trainer_stopped_before_its_first_validation_and_given_fewer_steps_has_a_model(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    values = settings(training={"log_every": 1, "max_steps": 50})
    with pytest.raises(KeyboardInterrupt):
        train(
            corpus_file,
            tmp_path / "run",
            values,
            callbacks=lambda _: [StopAt(4, signal.SIGINT)],
        )
    values["training"]["max_steps"] = 3

    result = train(corpus_file, tmp_path / "run", values, resume="auto")

    assert result.validation.perplexity > 1.0
    assert nw.load(tmp_path / "run").perplexity("the cat\n") > 1.0


def test_trainer_finished_run_whose_model_was_removed_has_one_again(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    first = train(corpus_file, tmp_path / "run", settings())
    (tmp_path / "run/model").rename(tmp_path / "elsewhere")

    again = train(corpus_file, tmp_path / "run", settings(), resume="auto")

    assert again.validation.nll_sum == pytest.approx(first.validation.nll_sum)

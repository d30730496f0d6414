"""Whole trainings: what they leave behind, and when they refuse to begin."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import nextword as nw
from nextword.base import DataError, LockedError
from nextword.storage import RunLock, load_latest_checkpoint
from stopping import StopAt
from training_runs import assert_equal_runs, final_tensors, train

Settings = Callable[..., dict[str, Any]]


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


def test_train_while_another_process_holds_the_run_is_refused(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    (tmp_path / "run").mkdir()

    with RunLock(tmp_path / "run"), pytest.raises(LockedError, match=str(os.getpid())):
        train(corpus_file, tmp_path / "run", settings())


def test_train_refused_leaves_no_folder(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "empty.txt").write_text("")

    with pytest.raises(DataError):
        train(tmp_path / "empty.txt", tmp_path / "run", settings())

    assert not (tmp_path / "run").exists()


def test_train_without_validation_text_keeps_the_last_model(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    values = settings(text={"split": (1.0, 0.0, 0.0)})

    result = train(corpus_file, tmp_path / "run", values)

    assert result.validation is None
    assert nw.load(tmp_path / "run").perplexity("the cat sees a fish\n") > 1.0

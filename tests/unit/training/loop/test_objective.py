"""The loop trains any objective: here a classifier of labelled rows."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

import row_classifier
from nextword.base import DivergedError, MismatchError
from nextword.storage import load_latest_checkpoint
from nextword.training import UpdateLoss, Validation
from row_classifier import RowObjective, train_rows
from stopping import StopAt


def tensors(run: Path) -> dict[str, torch.Tensor]:
    checkpoint = load_latest_checkpoint(run / "checkpoints")
    assert checkpoint is not None
    # The type checks of the tests draw from Python's generator.
    return {name: each for name, each in checkpoint.tensors.items() if name != "random.python"}


def assert_equal_runs(one: Path, other: Path) -> None:
    ours, theirs = tensors(one), tensors(other)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def metrics(run: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def test_update_loss_mean_is_the_loss_of_an_item() -> None:
    assert UpdateLoss(loss_sum=6.0, num_items=4).mean == 1.5


@pytest.mark.parametrize(("higher_is_better", "score"), [(True, -0.75), (False, 0.75)])
def test_validation_score_is_lower_where_it_is_better(higher_is_better: bool, score: float) -> None:
    validation = Validation(value=0.75, higher_is_better=higher_is_better, figures={}, headline="")

    assert validation.score == score


def test_objective_of_another_task_learns_and_reports_in_its_units(tmp_path: Path) -> None:
    progress = train_rows(tmp_path / "run", epochs=30, log_every=50)

    records = metrics(tmp_path / "run")
    accuracies = [r["validation/accuracy"] for r in records if "validation/accuracy" in r]
    assert progress.is_finished
    assert progress.num_seen == 30 * row_classifier.NUM_ROWS
    assert max(accuracies) > 0.85
    assert progress.best_score == -max(accuracies)
    assert {"num_rows_seen", "train/loss", "train/rows_per_second"} <= records[1].keys()


def test_objective_stopped_and_resumed_equals_uninterrupted_to_the_bit(tmp_path: Path) -> None:
    train_rows(tmp_path / "whole", epochs=4, log_every=1)
    with pytest.raises(KeyboardInterrupt):
        train_rows(tmp_path / "stopped", epochs=4, log_every=1, callbacks=(StopAt(13),))

    train_rows(tmp_path / "stopped", epochs=4, log_every=1)

    assert_equal_runs(tmp_path / "whole", tmp_path / "stopped")


def test_objective_killed_and_resumed_equals_uninterrupted_to_the_bit(tmp_path: Path) -> None:
    script = [sys.executable, row_classifier.__file__, str(tmp_path / "killed"), "60"]
    process = subprocess.Popen(script, env=os.environ)
    while not (tmp_path / "killed" / "checkpoints" / "latest").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()

    assert process.returncode == -signal.SIGKILL
    train_rows(tmp_path / "killed", epochs=60)

    train_rows(tmp_path / "whole", epochs=60)
    assert_equal_runs(tmp_path / "whole", tmp_path / "killed")


def test_objective_on_other_data_is_not_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_rows(tmp_path / "run", epochs=1)
    monkeypatch.setattr(row_classifier, "NUM_ROWS", 50)

    with pytest.raises(MismatchError, match="has 60 rows, here are 50"):
        train_rows(tmp_path / "run", epochs=2)


def test_objective_whose_loss_is_not_finite_stops_before_the_update(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = RowObjective.backward

    def diverging(self: RowObjective) -> UpdateLoss | None:
        loss = real(self)
        return loss if self._position < 40 else UpdateLoss(loss_sum=math.nan, num_items=8)

    monkeypatch.setattr(RowObjective, "backward", diverging)

    with pytest.raises(DivergedError, match=r"update 5 has loss nan .* it was not made"):
        train_rows(tmp_path / "run", epochs=2)

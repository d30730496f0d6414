"""Counters that a checkpoint carries."""

import json
import math

from nextword.training import TrainingProgress


def test_progress_values_through_json_give_the_same_progress() -> None:
    progress = TrainingProgress(
        step=7,
        num_steps=20,
        epoch=1,
        num_seen=99,
        best_score=1.5,
        is_fitted=True,
        limits=[2, None, 0.5],
    )

    assert TrainingProgress.from_values(json.loads(json.dumps(progress.to_values()))) == progress


def test_progress_at_the_start_takes_any_validation_for_the_best() -> None:
    progress = TrainingProgress()

    assert progress.best_score == math.inf
    assert progress.last_validation_step != progress.step
    assert (progress.step, progress.num_seen, progress.num_worse) == (0, 0, 0)
    assert (progress.planned_at_step, progress.planned_at_s) == (0, 0.0)
    assert not progress.is_finished


def test_progress_of_an_earlier_version_is_read() -> None:
    values = {**TrainingProgress().to_values(), "num_tokens_seen": 12, "best_nll": 2.5}
    del values["num_seen"], values["best_score"]

    progress = TrainingProgress.from_values(values)

    assert (progress.num_seen, progress.best_score) == (12, 2.5)

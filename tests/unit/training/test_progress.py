"""Counters that a checkpoint carries."""

import json
import math

from nextword.training import Progress


def test_progress_values_through_json_give_the_same_progress() -> None:
    progress = Progress(
        step=7,
        num_steps=20,
        epoch=1,
        num_tokens_seen=99,
        best_nll=1.5,
        is_fitted=True,
        limits=[2, None, 0.5],
    )

    assert Progress.from_values(json.loads(json.dumps(progress.to_values()))) == progress


def test_progress_at_the_start_takes_any_validation_for_the_best() -> None:
    progress = Progress()

    assert progress.best_nll == math.inf
    assert progress.last_validation_step != progress.step
    assert not progress.is_finished

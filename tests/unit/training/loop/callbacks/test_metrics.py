"""metrics.jsonl, also of a run that goes on after a stop."""

import dataclasses
from pathlib import Path

from nextword.storage import RunFolder
from nextword.training import MetricsFile
from training_records import STEP, VALIDATION


def test_metrics_file_holds_every_record_in_order(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    metrics = MetricsFile(run)

    metrics.on_step(STEP)
    metrics.on_validation(VALIDATION)

    assert run.read_metrics() == [STEP.to_values(), VALIDATION.to_values()]


def test_metrics_file_at_the_start_drops_what_the_checkpoint_has_not_seen(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    metrics = MetricsFile(run)
    for step in (1, 2, 3):
        metrics.on_step(dataclasses.replace(STEP, step=step))

    metrics.on_start(first_step=2, num_steps=9)

    assert [record["step"] for record in run.read_metrics()] == [1, 2]


def test_metrics_file_keeps_a_validation_that_a_resumed_run_repeats_once(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    MetricsFile(run).on_validation(VALIDATION)
    resumed = MetricsFile(run)

    resumed.on_start(first_step=VALIDATION.step, num_steps=VALIDATION.step + 1)
    resumed.on_validation(VALIDATION)
    resumed.on_validation(dataclasses.replace(VALIDATION, step=VALIDATION.step + 1))

    steps = [record["step"] for record in run.read_metrics()]
    assert steps == [VALIDATION.step, VALIDATION.step + 1]

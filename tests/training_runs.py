"""Whole trainings of a second, and what is compared between two of them."""

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import nextword as nw
from nextword.storage import load_latest_checkpoint, load_model_folder
from nextword.training import Callback, StepRecord, ValidationRecord


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

    def is_timed(name: str) -> bool:
        return name == "elapsed_s" or name.endswith("_per_second")

    return [{k: v for k, v in record.items() if not is_timed(k)} for record in records]

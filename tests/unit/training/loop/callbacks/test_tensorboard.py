"""TensorBoard, behind its extra."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nextword.base import MissingExtraError
from nextword.storage import RunFolder
from nextword.training import TensorBoard, ValidationRecord
from training_runs import train

Settings = Callable[..., dict[str, Any]]


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


class Writer:
    """Remembers what it is asked to write."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.scalars: dict[str, tuple[float, int]] = {}

    def add_scalar(self, name: str, value: float, step: int) -> None:
        self.scalars[name] = (value, step)


def test_tensorboard_writes_the_figures_but_not_the_counters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writers: list[Writer] = []

    def new_writer(folder: str) -> Writer:
        writers.append(Writer(folder))
        return writers[-1]

    monkeypatch.setitem(sys.modules, "tensorboardX", SimpleNamespace(SummaryWriter=new_writer))
    record = ValidationRecord(
        step=7, epoch=0.5, figures={"loss": 1.5}, headline="loss", is_best=True, elapsed_s=9.0
    )

    TensorBoard(RunFolder(tmp_path)).on_validation(record)

    (writer,) = writers
    assert writer.folder == str(tmp_path / "tensorboard")
    assert writer.scalars == {"validation/loss": (1.5, 7), "validation/is_best": (1.0, 7)}


def test_tensorboard_without_its_extra_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)

    with pytest.raises(MissingExtraError, match=r"pip install 'nextword\[tensorboard\]'"):
        TensorBoard(RunFolder(tmp_path))

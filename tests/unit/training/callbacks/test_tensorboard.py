"""TensorBoard, behind its extra."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nextword.training import TensorBoard
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

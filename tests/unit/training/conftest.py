"""Tiny texts and settings for trainings that take a second."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def corpus_file(tmp_path: Path) -> Path:
    """A text of 240 lines with some structure to learn."""
    subjects = ("the cat", "a dog", "the old man", "one student", "this bird")
    verbs = ("sees", "eats", "opened", "likes")
    objects = ("the book", "a fish", "the door", "its window")
    lines = [f"{s} {v} {o}" for s in subjects for v in verbs for o in objects] * 3
    path = tmp_path / "corpus.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out drawing the curve at each validation, which takes longer than a tiny training."""
    from nextword.training import TrainingCurve

    monkeypatch.setattr(TrainingCurve, "on_validation", lambda self, record: None)


@pytest.fixture
def settings() -> Callable[..., dict[str, Any]]:
    """Give nested settings of a training of few updates; keyword sections are laid over them."""

    def build(**sections: dict[str, Any]) -> dict[str, Any]:
        values: dict[str, dict[str, Any]] = {
            "tokenizer": {"kind": "word", "min_count": 1},
            "model": {"cell": "lstm", "num_layers": 2, "hidden_size": 12},
            "regularization": {"input_dropout": 0.1, "output_dropout": 0.2},
            "training": {
                "bptt_steps": 7,
                "batch_size": 4,
                "epochs": 2,
                "log_every": 5,
                "precision": "float32",
            },
            "optimizer": {"kind": "adamw", "learning_rate": 4e-3},
            "schedule": {"kind": "cosine", "warmup_share": 0.1},
            "averaging": {"decay": 0.9},
        }
        for section, content in sections.items():
            values[section] = values.get(section, {}) | content
        return values

    return build

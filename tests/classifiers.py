"""Small classifiers and their training data."""

import random
from collections.abc import Sequence
from pathlib import Path

from nextword.base import decode
from nextword.tasks.classification import (
    ClassificationRunConfig,
    Classifier,
    TextRow,
)
from nextword.tasks.classification.start import starting_model
from nextword.training.data import TextAccess

GOOD = ("lovely", "great", "moving", "funny")
BAD = ("dull", "boring", "awful", "flat")
OTHER = ("the", "film", "was", "a", "story", "with", "plot")

#: Settings that train in a second.
SMALL = {
    "encoder": {
        "hidden_size": 6,
        "word_embedding_size": 5,
        "characters": "none",
        "word_dropout": 0.0,
        "input_dropout": 0.0,
        "output_dropout": 0.0,
    },
    "classification": {"dropout": 0.0},
    "training": {"epochs": 4, "batch_size": 8, "device": "cpu"},
    "optimizer": {"learning_rate": 0.02},
}


def made_rows(number: int, *, seed: int = 1) -> list[TextRow]:
    """Return texts with two good or two bad words among others."""
    generator = random.Random(seed)
    rows = []
    for place in range(number):
        label = generator.choice(["neg", "pos"])
        words = generator.choices(OTHER, k=generator.randrange(1, 6))
        words += generator.choices(GOOD if label == "pos" else BAD, k=2)
        generator.shuffle(words)
        rows.append(TextRow(text=" ".join(words), labels=(label,), place=f"made:{place + 1}"))
    return rows


def write_tsv(path: Path, rows: Sequence[TextRow]) -> Path:
    """Write texts and their labels, and return the path."""
    lines = (f"{row.text}\t{','.join(row.labels)}\n" for row in rows)
    path.write_text("".join(lines), encoding="utf-8")
    return path


def small_config(**sections: dict[str, object]) -> ClassificationRunConfig:
    """Return small settings, with changes by section."""
    merged = {name: SMALL.get(name, {}) | sections.get(name, {}) for name in {*SMALL, *sections}}
    return decode(ClassificationRunConfig, merged, source="test")


def new_classifier(
    rows: Sequence[TextRow] | None = None, **sections: dict[str, object]
) -> Classifier:
    """Return a classifier with random weights."""
    config = small_config(**sections)
    parts, model = starting_model(config, TextAccess(), made_rows(30) if rows is None else rows)
    return Classifier(parts, model)

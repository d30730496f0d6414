"""A tiny reader, and questions about tiny stories that it can learn."""

import json
import random
from pathlib import Path
from typing import Any

PEOPLE = ("Anna", "Paul", "Emma")
PLACES = ("hall", "attic", "garden")
#: Settings of a small model that learns the questions below in seconds.
TINY: dict[str, dict[str, Any]] = {
    "encoder": {
        "hidden_size": 12,
        "word_embedding_size": 12,
        "num_layers": 1,
        "input_dropout": 0.0,
    },
    "decoder": {"hidden_size": 12, "embedding_size": 8, "copy": True},
    "reading": {"hops": 2, "dropout": 0.0},
    "training": {"batch_size": 16, "epochs": 2, "precision": "float32", "device": "cpu"},
    "averaging": {"decay": 0.0},
    "optimizer": {"learning_rate": 0.02},
}


def tiny_settings(answer: str = "span", **sections: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """`TINY` for a kind of answers, with further settings."""
    base = {name: dict(values) for name, values in TINY.items()}
    base["reading"]["answer"] = answer
    if answer != "free":
        del base["decoder"]
    return {name: base.get(name, {}) | sections.get(name, {}) for name in {**base, **sections}}


def tiny_item(generator: random.Random, *, answer: str = "span") -> dict[str, Any]:
    """Where one of two people is; the sentence about the person says so."""
    (first, second), places = generator.sample(PEOPLE, 2), generator.sample(PLACES, 2)
    number = generator.randrange(2)
    item = {
        "passage": f"{first} is in the {places[0]}. {second} is in the {places[1]}.",
        "question": f"Where is {(first, second)[number]}?",
        "answer": places[number],
        "supporting": [number + 1],
    }
    if answer == "candidate":
        item["candidates"] = list(PLACES)
    if answer == "free":
        item["answer"] = f"{places[number]} yes"
    return item


def tiny_file(path: Path, number: int = 120, *, answer: str = "span", seed: int = 1) -> Path:
    """Write questions as JSON lines."""
    generator = random.Random(seed)
    lines = [json.dumps(tiny_item(generator, answer=answer)) for _ in range(number)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path

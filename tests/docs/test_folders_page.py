"""The page on folders names every metric that is written, and no other."""

import json
import re
from pathlib import Path

import pytest

from training_runs import train

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "folders.md"


def documented(where: str) -> set[str]:
    """Return the keys in the table that are written in every line and in the lines of this kind."""
    rows = re.findall(
        r"^\| `([^`]+)` \| (always|in training|at a validation) \|", PAGE.read_text(), re.M
    )
    return {key for key, when in rows if when in (where, "always")}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[set[str]]:
    """Return the keys of each metric line of a training run."""
    folder = tmp_path_factory.mktemp("run")
    text = folder / "text.txt"
    text.write_text("".join(f"word{i % 7} word{i % 5}\n" for i in range(400)), encoding="utf-8")
    steps = {"max_steps": 4, "log_every": 1}
    train(text, folder / "run", {"training": steps, "model": {"hidden_size": 8}})
    lines = (folder / "run" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line).keys() for line in lines]


@pytest.mark.parametrize(
    ("where", "key"),
    [("in training", "train/perplexity"), ("at a validation", "validation/is_best")],
)
def test_page_names_the_metrics(where: str, key: str, written: list[set[str]]) -> None:
    lines = [keys for keys in written if key in keys]

    assert lines
    assert all(keys == documented(where) for keys in lines)

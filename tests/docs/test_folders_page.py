"""The page on folders names every metric that is written, and no other."""

import re
from pathlib import Path

from nextword.storage import RunFolder
from nextword.training import StepRecord, ValidationRecord

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "folders.md"

STEP = StepRecord(
    step=1,
    num_steps=2,
    epoch=0.5,
    num_tokens_seen=3,
    nll_per_token=1.0,
    learning_rate=0.1,
    grad_norm=1.0,
    clip_rate=0.0,
    tokens_per_second=5.0,
    elapsed_s=1.0,
    remaining_s=1.0,
)
VALIDATION = ValidationRecord(step=1, epoch=0.5, nll_per_token=1.0, is_best=True, elapsed_s=1.0)


def documented(where: str) -> set[str]:
    """Read the keys off the table, those that are written then and always."""
    rows = re.findall(
        r"^\| `([^`]+)` \| (always|in training|at a validation) \|", PAGE.read_text(), re.M
    )
    return {key for key, when in rows if when in (where, "always")}


def test_page_names_the_metrics_of_training() -> None:
    assert documented("in training") == STEP.to_values().keys()


def test_page_names_the_metrics_of_a_validation() -> None:
    assert documented("at a validation") == VALIDATION.to_values().keys()


def test_page_names_every_place_of_a_run(tmp_path: Path) -> None:
    page = PAGE.read_text()
    run = RunFolder(tmp_path)
    places = [
        getattr(run, name).name
        for name in dir(RunFolder)
        if name.endswith(("_file", "_folder")) and isinstance(getattr(RunFolder, name), property)
    ]

    assert len(places) > 7
    assert [name for name in places if f"`{name}`" not in page and f"`{name}/`" not in page] == []

"""Row 5 of docs/reliability.md: the disk is full from any one call on that writes.

The quick form takes some n; `make reliability` takes all.
"""

from pathlib import Path
from typing import Any

import pytest
import safetensors.torch

import nextword.storage.tensors_file
from fakes import random_text
from full_disk import full_disk
from nextword.storage import load_latest_checkpoint, load_model

#: More calls than any of these trainings makes.
MOST_CALLS = 400
TRAININGS = {
    "ngram": ("--recipe", "ngram-5"),
    "lstm": (
        *(
            "--recipe",
            "lstm-small",
            "--set",
            "model.hidden_size=4",
            "--set",
            "training.max_steps=6",
        ),
        *("--set", "training.checkpoint_every=2", "--set", "training.batch_size=2"),
    ),
}


def train(cli: Any, folder: Path, kind: str, *options: str) -> Any:
    arguments = ("train", folder / "text.txt", "--out", folder / "run", "--quiet")
    return cli(*arguments, *TRAININGS[kind], *options)


def check(cli: Any, folder: Path, kind: str, *, first: int) -> bool:
    """Train on a disk that becomes full; return whether it did."""
    folder.mkdir()
    (folder / "text.txt").write_text(random_text(40, num_words=8))
    with full_disk(first) as disk:
        finished = train(cli, folder, kind)
    if disk.num_calls < first:
        assert finished.code == 0
        return False
    assert finished.code == 1, finished.err
    assert "error: the disk is full" in finished.err, finished.err
    run = folder / "run"
    if (run / "checkpoints").is_dir():
        load_latest_checkpoint(run / "checkpoints")
    if (run / "model").is_dir():
        load_model(run)
    again = train(cli, folder, kind, "--resume", "auto")
    assert again.code == 0, again.err
    assert [path for path in run.rglob("*") if path.name.endswith(".tmp")] == []
    return True


@pytest.mark.parametrize(
    ("kind", "first"),
    [("ngram", 17), pytest.param("lstm", 30, marks=pytest.mark.exhaustive)],
)
def test_full_disk_ends_with_code_1_and_the_run_can_be_continued(
    kind: str, first: int, cli: Any, tmp_path: Path
) -> None:
    assert check(cli, tmp_path / "full", kind, first=first)


@pytest.mark.exhaustive
@pytest.mark.full_count
@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("kind", TRAININGS)
def test_full_disk_at_every_call_ends_with_code_1(kind: str, cli: Any, tmp_path: Path) -> None:
    number = next(
        first
        for first in range(1, MOST_CALLS)
        if not check(cli, tmp_path / str(first), kind, first=first)
    )

    assert number > 20


def test_shim_stands_before_what_writes_tensors() -> None:
    assert nextword.storage.tensors_file.save_file is safetensors.torch.save_file

"""The notebooks for teachers run from top to bottom."""

import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "examples" / "notebooks").glob("*.py"))


def test_there_are_four_notebooks() -> None:
    assert [path.stem for path in NOTEBOOKS] == [
        "bptt_by_hand",
        "cells",
        "perplexity",
        "vanishing_gradients",
    ]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_begins_with_a_cell_of_text(notebook: Path) -> None:
    assert notebook.read_text(encoding="utf-8").startswith("# %% [markdown]\n# # ")


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(notebook: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-W", "error", str(notebook)], capture_output=True, text=True, check=False
    )

    assert finished.returncode == 0, finished.stderr
    assert finished.stdout

"""The notebooks for teachers run from top to bottom."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "examples" / "notebooks").glob("*.py"))


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


def test_notebooks_equal_their_scripts() -> None:
    finished = subprocess.run(
        [sys.executable, "docs/make_notebooks.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert finished.returncode == 0, finished.stdout + finished.stderr


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_has_the_code_of_its_script(notebook: Path) -> None:
    values = json.loads(notebook.with_suffix(".ipynb").read_text(encoding="utf-8"))
    code = [
        line for cell in values["cells"] if cell["cell_type"] == "code" for line in cell["source"]
    ]
    script = notebook.read_text(encoding="utf-8").splitlines()

    assert values["cells"][0]["source"][0].startswith("# ")
    assert [line for line in map(str.strip, code) if line] == [
        line for line in map(str.strip, _without_text_cells(script)) if line
    ]


def _without_text_cells(lines: list[str]) -> list[str]:
    kept, is_code = [], False
    for line in lines:
        if line.startswith("# %%"):
            is_code = "markdown" not in line
        elif is_code:
            kept.append(line)
    return kept


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(notebook: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-W", "error", str(notebook)], capture_output=True, text=True, check=False
    )

    assert finished.returncode == 0, finished.stderr
    assert finished.stdout

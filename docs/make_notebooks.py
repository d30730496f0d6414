"""Write the notebooks of examples/notebooks from the scripts beside them.

    python docs/make_notebooks.py            rewrite the notebooks
    python docs/make_notebooks.py --check    exit 1 if a notebook differs from its script

A script is divided into cells by lines that start with `# %%`. Cells of text are marked with
`[markdown]`, and their lines are comments. The notebooks have no outputs.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "examples" / "notebooks"
TEXT_MARK = "[markdown]"
_CELL_START = re.compile(r"^# %%(.*)\n", re.MULTILINE)


def notebook_text(script: str) -> str:
    """Return the notebook of a script, in version 4.5 of the format of Jupyter."""
    notebook = {
        "cells": [
            {"id": f"cell-{number}", **cell} for number, cell in enumerate(cells(script), start=1)
        ],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def cells(script: str) -> Iterator[dict[str, Any]]:
    """Iterate over the cells of a script."""
    before, *parts = _CELL_START.split(script)
    if before.strip():
        raise SystemExit(f"text before the first cell: {before!r}")
    for mark, body in zip(parts[::2], parts[1::2], strict=True):
        lines = body.strip("\n").splitlines(keepends=True)
        if mark.strip() == TEXT_MARK:
            text = [re.sub(r"^# ?", "", line) for line in lines]
            yield {"cell_type": "markdown", "metadata": {}, "source": text}
        else:
            yield {
                "cell_type": "code",
                "execution_count": None,
                "metadata": {},
                "outputs": [],
                "source": lines,
            }


def main(arguments: list[str]) -> int:
    """Write the notebooks, or compare them with the scripts; return the exit code."""
    made = {
        path.with_suffix(".ipynb"): notebook_text(path.read_text(encoding="utf-8"))
        for path in sorted(FOLDER.glob("*.py"))
    }
    changed = [
        path
        for path, text in made.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    if "--check" in arguments:
        for path in changed:
            print(f"{path.relative_to(FOLDER.parents[1])} differs from its script.")
        if changed:
            print("Run: python docs/make_notebooks.py")
        return int(bool(changed))
    for path in changed:
        path.write_text(made[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

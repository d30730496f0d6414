"""Folders stay small: at most 12 modules, or the docstring of the folder gives the reason."""

import ast
from collections.abc import Iterator
from pathlib import Path

import nextword

MAX_MODULES = 12
REASON = "more than 12 files"


def crowded(root: Path) -> Iterator[str]:
    """The folders with too many modules whose `__init__` does not give a reason."""
    for init in sorted(root.rglob("__init__.py")):
        modules = [path for path in init.parent.glob("*.py") if path != init]
        docstring = ast.get_docstring(ast.parse(init.read_text("utf-8"))) or ""
        if len(modules) > MAX_MODULES and REASON not in " ".join(docstring.split()):
            yield str(init.parent.relative_to(root))


def test_folders_are_small_or_give_the_reason() -> None:
    assert list(crowded(Path(nextword.__file__).parent)) == []


def test_crowded_folder_is_found(tmp_path: Path) -> None:
    for folder, docstring, num_modules in (
        ("small", "Small.", 12),
        ("crowded", "Crowded.", 13),
        ("explained", "One file for each: more than\n12 files.", 13),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").write_text(f'"""{docstring}"""\n')
        for number in range(num_modules):
            (tmp_path / folder / f"part_{number}.py").write_text("")

    assert list(crowded(tmp_path)) == ["crowded"]

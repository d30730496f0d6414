"""Code that pages name beside an equation, as "`name` in `folder/file.py`", is there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCE = REPOSITORY / "src" / "nextword"
_NAMED = re.compile(r"`([\w.]+)` in `([\w/]+\.py)`")
_FILE = re.compile(r"`((?:\w+/)+\w+\.py)`")


def pages() -> Iterator[tuple[str, str]]:
    """Give path and text of every explanation, and of the equations of the course."""
    docs = REPOSITORY / "docs"
    for page in [*sorted((docs / "explanation").glob("*.md")), docs / "course" / "equations.md"]:
        yield page.name, page.read_text(encoding="utf-8")


def defined_names(tree: ast.AST, prefix: str = "") -> set[str]:
    """Give the classes, functions, methods and annotated fields of a module."""
    names: set[str] = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names |= {prefix + node.name} | defined_names(node, f"{prefix}{node.name}.")
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(prefix + node.target.id)
    return names


def test_files_that_pages_name_are_there() -> None:
    named = [(page, file) for page, text in pages() for file in _FILE.findall(text)]

    assert named
    assert [each for each in named if not (SOURCE / each[1]).is_file()] == []


def test_code_that_pages_name_is_in_its_file() -> None:
    named = [(page, *found) for page, text in pages() for found in _NAMED.findall(text)]

    missing = [
        (page, name, file)
        for page, name, file in named
        if name not in defined_names(ast.parse((SOURCE / file).read_text(encoding="utf-8")))
    ]

    assert named
    assert missing == []

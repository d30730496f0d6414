"""Every work that a docstring or a page cites by a key is on the page of references, once."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
KEY = re.compile(r"\[([a-z]+\d{4}[a-z]*|lecture-\d{3})\]")
LISTED = re.findall(
    rf"^- {KEY.pattern} ", (ROOT / "docs/references.md").read_text(encoding="utf-8"), re.MULTILINE
)


def test_references_keys_are_listed_once() -> None:
    assert len(LISTED) > 50
    assert sorted(LISTED) == sorted(set(LISTED))


def test_docstrings_cite_only_listed_keys() -> None:
    cited = {
        (path.relative_to(ROOT).as_posix(), key)
        for path in (ROOT / "src").rglob("*.py")
        for key in KEY.findall(path.read_text(encoding="utf-8"))
    }

    assert len(cited) > 50
    assert {(path, key) for path, key in cited if key not in LISTED} == set()


def test_pages_cite_only_listed_keys_and_link_them() -> None:
    faults = []
    for path in (ROOT / "docs").rglob("*.md"):
        text = path.read_text(encoding="utf-8")
        if path.name == "references.md" or "_build" in path.parts:
            continue
        linked = set(re.findall(rf"^{KEY.pattern}: (?:\.\./)?references\.md#", text, re.MULTILINE))
        cited = set(re.findall(rf"{KEY.pattern}(?!:)", text))
        faults += [(path.name, key) for key in cited ^ linked | cited - set(LISTED)]

    assert faults == []

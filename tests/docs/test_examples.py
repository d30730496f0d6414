"""Every example of the README and of the documentation runs, page by page."""

import random
import shutil
from pathlib import Path

import pytest

from document_blocks import run_page, runnable_blocks
from registries import registries_restored

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = [
    page.relative_to(REPOSITORY).as_posix()
    for page in [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
    if "_build" not in page.parts and any(runnable_blocks(page.read_text(encoding="utf-8")))
]

#: The examples of these pages run in `make test`; those of the others, which train many models, in
#: `make test-exhaustive` alone.
EVERYDAY = (
    "README.md",
    "docs/reference/",
    "docs/how-to/add-",
)


def corpus(num_lines: int) -> str:
    """Make sentences from a small grammar: always the same, and easy to learn."""
    generator = random.Random(0)
    people = ["students", "teachers", "children", "neighbours"]
    actions = ["opened", "closed", "read", "lost", "found"]
    things = ["books", "letters", "doors", "notes", "windows"]
    endings = ["again", "at noon", "in the garden", "without a word"]
    kinds = ("the {} {} their {}", "the {} {} the {} {}", "all the {} {} their {} {}")
    return "".join(
        generator.choice(kinds).format(*map(generator.choice, (people, actions, things, endings)))
        + "\n"
        for _ in range(num_lines)
    )


@pytest.mark.slow
# A page trains several models, which takes minutes on a busy machine.
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=() if page.startswith(EVERYDAY) else pytest.mark.exhaustive)
        for page in PAGES
    ],
)
def test_examples_of_page_run(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "corpus.txt").write_text(corpus(400), encoding="utf-8")
    shutil.copytree(REPOSITORY / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)

    with registries_restored():
        run_page((REPOSITORY / page).read_text(encoding="utf-8"), page=page, folder=tmp_path)


def test_pages_with_examples_are_found() -> None:
    assert {"README.md", "docs/tutorial/first-model.md"} <= set(PAGES)

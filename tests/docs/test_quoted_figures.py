"""Figures that pages quote from the results stand there, in the section that they link to."""

import re
from collections.abc import Iterator
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
_QUOTED = re.compile(r"\[(?P<figure>[\d.,]+(?: [MG])?)\]\(\.\./results\.md#(?P<section>[\w-]+)\)")


def sections(markdown: str) -> dict[str, str]:
    """Give the sections of a page by their anchors."""
    parts = re.split(r"^## (.+)$", markdown, flags=re.MULTILINE)[1:]
    titles = (re.sub(r"[^\w\s-]", "", title).lower() for title in parts[::2])
    return dict(zip((re.sub(r"\s", "-", title) for title in titles), parts[1::2], strict=True))


def quoted_figures() -> Iterator[tuple[str, str, str]]:
    """Give page, figure and section of every figure that links to the results."""
    for page in sorted(DOCS.rglob("*.md")):
        for found in _QUOTED.finditer(page.read_text(encoding="utf-8")):
            yield page.relative_to(DOCS).as_posix(), found["figure"], found["section"]


def is_in(figure: str, section: str) -> bool:
    return re.search(rf"(?<![\d.,]){re.escape(figure)}(?![\d,]|\.\d)", section) is not None


def test_quoted_figures_stand_in_the_section_they_link_to() -> None:
    results = sections((DOCS / "results.md").read_text(encoding="utf-8"))

    missing = [quoted for quoted in quoted_figures() if not is_in(quoted[1], results[quoted[2]])]

    assert missing == []
    assert any(quoted_figures())


def test_sections_are_named_as_sphinx_names_them() -> None:
    page = "# A\n## *War and Peace*, characters\none\n## The demo: bytes\ntwo\n"

    assert sections(page) == {"war-and-peace-characters": "\none\n", "the-demo-bytes": "\ntwo\n"}


def test_is_in_part_of_another_figure_is_not() -> None:
    assert is_in("87.62", "| 87.62 |")
    assert not is_in("87.6", "| 87.62 |")
    assert not is_in("7.62", "| 87.62 |")

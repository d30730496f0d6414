"""Figures that pages quote from the results are in the section that they link to.

Published figures beside our own have the number of epochs of both.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
_QUOTED = re.compile(r"\[(?P<figure>[\d.,]+(?: [MG])?)\]\(\.\./results\.md#(?P<section>[\w-]+)\)")


def sections(markdown: str) -> dict[str, str]:
    """Return the sections of a page by their anchors."""
    parts = re.split(r"^## (.+)$", markdown, flags=re.MULTILINE)[1:]
    titles = (re.sub(r"[^\w\s-]", "", title).lower() for title in parts[::2])
    return dict(zip((re.sub(r"\s", "-", title) for title in titles), parts[1::2], strict=True))


def quoted_figures() -> Iterator[tuple[str, str, str]]:
    """Iterate over page, figure and section of every figure that links to the results."""
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


def rows_with_published_figures(markdown: str) -> list[dict[str, str]]:
    """Return the table rows that have a value in a column whose name begins with "published".

    Returns:
        For each row, the cells by column name; the first column has the name "name".
    """
    rows = []
    for table in re.findall(r"(?:^\|.*\n)+", markdown, flags=re.MULTILINE):
        header, _, *body = (
            [cell.strip() for cell in re.split(r"\|", line)[1:-1]] for line in table.splitlines()
        )
        names = [
            "name",
            *("published" if each.startswith("published") else each for each in header[1:]),
        ]
        cells = [dict(zip(names, line, strict=True)) for line in body]
        rows += [row for row in cells if row.get("published")]
    return rows


def misleading_rows(markdown: str) -> list[str]:
    """Return the names of the rows whose published figure took an unknown or a longer training.

    A row is right if it has both numbers of epochs. If they differ by more than a factor of three,
    its name must contain "not a reproduction".
    """
    misleading = []
    for row in rows_with_published_figures(markdown):
        here, there = row.get("epochs here", ""), row.get("epochs there", "")
        is_complete = bool(here and there)
        if is_complete and "not a reproduction" not in row["name"] and _is_number(here, there):
            is_complete = max(float(here), float(there)) <= 3.0 * min(float(here), float(there))
        if not is_complete:
            misleading.append(row["name"])
    return misleading


def _is_number(*cells: str) -> bool:
    return all(re.fullmatch(r"\d+(\.\d+)?", cell) for cell in cells)


def test_rows_with_published_figures_have_the_epochs_of_both() -> None:
    results = (DOCS / "results.md").read_text(encoding="utf-8")

    assert misleading_rows(results) == []
    assert len(rows_with_published_figures(results)) > 5


@pytest.mark.parametrize(
    ("row", "is_misleading"),
    [
        ("| net | 240 | 2.45 | 58.8 | 500 |", True),
        ("| net, not a reproduction | 240 | 2.45 | 58.8 | 500 |", False),
        ("| net, not a reproduction | 240 | 2.45 | 58.8 | |", True),
        ("| net | 240 | | 58.8 | 500 |", True),
        ("| net | 78 | 29 | 82.7 | 39 |", False),
        ("| net | 78 | 29 | 82.7 | not known |", False),
        ("| net | 78 | | | |", False),
    ],
)
def test_misleading_rows_finds_trainings_of_other_length(row: str, is_misleading: bool) -> None:
    table = f"| recipe | test | epochs here | published figure | epochs there |\n|---|\n{row}\n"

    assert (misleading_rows(table) != []) is is_misleading

"""The page on reliability names tests that exist, a row each."""

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs" / "reliability.md").read_text(encoding="utf-8")
NUM_ROWS = 25


def test_reliability_page_has_every_row() -> None:
    assert re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE) == [
        str(number) for number in range(1, NUM_ROWS + 1)
    ]


def test_reliability_page_names_tests_that_exist() -> None:
    named = re.findall(r"`(tests/[^`:]*)(?:::([^`]*))?`", PAGE)

    assert len(named) > NUM_ROWS
    for file, test in named:
        content = (REPOSITORY / file).read_text(encoding="utf-8")
        assert f"def {test or 'test_'}" in content, (file, test)

"""Properties of the characters of programs."""

import pytest

from nextword.lab.material import LATE_COLUMN, code_properties

PROGRAM = '''def f(x, y=(1, 2)):
    """Say "why".

    Twice."""
    if x:  # a 'note'
        return g(y)[0]
    return f"{x} and {y}"
'''


def marked(name: str) -> str:
    """Return the characters that have a property, with a dot for each gap."""
    labels = code_properties(PROGRAM)[name]
    shown = "".join(
        character if label else "\0" for character, label in zip(PROGRAM, labels, strict=True)
    )
    return "|".join(part for part in shown.split("\0") if part)


def test_quotes_are_strings_with_their_quotation_marks() -> None:
    assert marked("quotes") == '"""Say "why".\n\n    Twice."""|f"{x} and {y}"'


def test_comments_are_to_the_line_end() -> None:
    assert marked("comment") == "# a 'note'"


def test_brackets_are_the_outermost_pairs() -> None:
    assert marked("brackets") == "x, y=(1, 2)|y|0"


def test_if_body_is_its_lines() -> None:
    assert marked("if body") == "        return g(y)[0]\n"


@pytest.mark.parametrize("length", [10, 80])
def test_line_position_is_the_column(length: int) -> None:
    labels = code_properties("x" * length + "\n")["line position"]

    assert labels.sum() == max(length + 1 - LATE_COLUMN, 0)

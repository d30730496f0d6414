import ast
import json.decoder
from pathlib import Path

import numpy as np
import pytest

from nextword.inspection.cells.properties import python_source

SOURCE = '''\
def f(a, b="x#y"):  # note
    """Doc (string."""
    if a:
        return [a, (b)]
    elif b:
        b = 1
    else:
        b = 2
    return b
'''


def chosen(values: np.ndarray, text: str = SOURCE) -> str:
    """The characters where a property is 1."""
    return "".join(each for each, value in zip(text, values, strict=True) if value == 1.0)


def test_quotes_are_strings_without_the_closing_quote() -> None:
    assert chosen(python_source.quotes(SOURCE)) == '"x#y"""Doc (string.""'


def test_quotes_begin_after_the_prefix() -> None:
    assert chosen(python_source.quotes("rb'a'"), "rb'a'") == "'a"


def test_quotes_cover_the_whole_f_string() -> None:
    text = "f'a{b}c' + d"

    assert chosen(python_source.quotes(text), text) == "'a{b}c"


def test_comment_does_not_begin_within_a_string() -> None:
    assert chosen(python_source.comment(SOURCE)) == "# note"


def test_bracket_depth_ignores_strings() -> None:
    depth = python_source.bracket_depth(SOURCE)

    assert depth.max() == 2
    assert depth[SOURCE.index("string.")] == 0
    assert depth[SOURCE.index("(b)") + 1] == 2


def test_if_body_is_that_of_if_and_elif() -> None:
    body = chosen(python_source.if_body(SOURCE))

    assert body == "\n        return [a, (b)]\n    \n        b = 1\n    "


def test_if_body_covers_blocks_within_it() -> None:
    text = "if a:\n    for b in a:\n        c\nd\n"

    assert chosen(python_source.if_body(text), text) == "\n    for b in a:\n        c\n"


def test_if_body_lines_equal_those_of_the_syntax_tree() -> None:
    text = Path(json.decoder.__file__).read_text(encoding="utf-8")
    inside = np.zeros(text.count("\n") + 2, dtype=bool)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.If) and node.body[0].lineno > node.test.lineno:
            inside[node.body[0].lineno : (node.body[-1].end_lineno or 0) + 1] = True

    values = python_source.if_body(text)

    place = 0
    for number, line in enumerate(text.split("\n"), start=1):
        code = line.strip()
        if code and not code.startswith("#"):
            assert values[place + line.index(code)] == inside[number], (number, line)
        place += len(line) + 1


def test_values_after_the_first_error_are_undefined() -> None:
    values = python_source.comment("a = 'b\n")

    assert values.tolist()[:4] == [0.0] * 4
    assert np.isnan(values[4:]).all()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("x = 1\n", True), ("import os", True), ("the old man\n", False), ("Don't.\n", False)],
)
def test_is_python_needs_tokens_and_a_statement(text: str, expected: bool) -> None:
    assert python_source.is_python(text) is expected

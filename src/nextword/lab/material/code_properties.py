"""Properties of every character of a Python program, from its tokens and its syntax tree."""

import ast
import io
import tokenize
from collections.abc import Callable, Iterator
from itertools import accumulate

import numpy as np
from jaxtyping import Bool

Labels = Bool[np.ndarray, " num_characters"]

#: A character is late in its line from this column on.
LATE_COLUMN = 30
_OPENING, _CLOSING = "([{", ")]}"
#: Tokens of Python 3.12 and later for the parts of an f-string.
_FSTRING_START, _FSTRING_END = "FSTRING_START", "FSTRING_END"


def code_properties(text: str) -> dict[str, Labels]:
    r"""Return, for each property, whether each character of a module has it.

    Args:
        text: The source of one module, ASCII.

    Returns:
        `line position` (from column 30 on), `quotes` (inside a string), `comment`, `brackets`
        (inside at least one pair) and `if body`.

    Example:
        >>> labels = code_properties("f(1)  # one\n")
        >>> "".join("#" if each else "." for each in labels["comment"])
        '......#####.'
    """
    lines = text.splitlines(keepends=True)
    starts = [0, *accumulate(map(len, lines))]
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))

    def place(position: tuple[int, int]) -> int:
        return min(starts[min(position[0] - 1, len(lines))] + position[1], len(text))

    def spans_of(kind: int) -> Iterator[tuple[int, int]]:
        return ((place(each.start), place(each.end)) for each in tokens if each.type == kind)

    return {
        "line position": _columns(text) >= LATE_COLUMN,
        "quotes": _marked(text, [*spans_of(tokenize.STRING), *_fstrings(tokens, place)]),
        "comment": _marked(text, spans_of(tokenize.COMMENT)),
        "brackets": _marked(text, _bracketed(tokens, place)),
        "if body": _marked(text, _if_bodies(text, starts)),
    }


def _marked(text: str, spans: Iterator[tuple[int, int]] | list[tuple[int, int]]) -> Labels:
    labels = np.zeros(len(text), dtype=bool)
    for start, end in spans:
        labels[start:end] = True
    return labels


def _columns(text: str) -> np.ndarray:
    return np.concatenate(
        [np.arange(len(line)) for line in text.splitlines(keepends=True)] or [np.zeros(0, int)]
    )


def _bracketed(
    tokens: list[tokenize.TokenInfo], place: Callable[[tuple[int, int]], int]
) -> Iterator[tuple[int, int]]:
    depth, start = 0, 0
    for token in tokens:
        if token.type == tokenize.OP and token.string in _OPENING:
            if depth == 0:
                start = place(token.end)
            depth += 1
        elif token.type == tokenize.OP and token.string in _CLOSING:
            depth -= 1
            if depth == 0:
                yield start, place(token.start)


def _fstrings(
    tokens: list[tokenize.TokenInfo], place: Callable[[tuple[int, int]], int]
) -> Iterator[tuple[int, int]]:
    depth, start = 0, 0
    for token in tokens:
        name = tokenize.tok_name[token.type]
        if name == _FSTRING_START:
            start = place(token.start) if depth == 0 else start
            depth += 1
        elif name == _FSTRING_END:
            depth -= 1
            if depth == 0:
                yield start, place(token.end)


def _if_bodies(text: str, starts: list[int]) -> Iterator[tuple[int, int]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.If):
            first, last = node.body[0], node.body[-1]
            assert last.end_lineno is not None
            yield starts[first.lineno - 1], starts[last.end_lineno]

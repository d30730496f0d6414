"""Properties of Python source, computed with the standard library's `tokenize`."""

import io
import tokenize
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from nextword.inspection.cells.properties.contract import Values

_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_TESTS = frozenset({"if", "elif"})
_SILENT = frozenset({tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT})
#: The tokens of an f-string since Python 3.12; before, an f-string is one STRING.
_FSTRING_START = getattr(tokenize, "FSTRING_START", None)
_FSTRING_END = getattr(tokenize, "FSTRING_END", None)
#: Documents whose tokens are kept; every property of a document reads them again.
_NUM_KEPT = 8


class _Source(NamedTuple):
    """The tokens of a document, with offsets in characters."""

    tokens: tuple[tuple[int, str, int, int], ...]
    #: Number of characters that were tokenized; the rest is not Python.
    length: int


def is_python(text: str) -> bool:
    r"""Return whether a document can be split into Python's tokens from start to end.

    Prose can be tokenized too if it has no quotes and brackets that are left open. Therefore the
    document must also contain a statement that ends with a colon, an import or an assignment.

    Args:
        text: The document.

    Example:
        >>> is_python("def f(x):\n    return x\n"), is_python("It isn't code.\n")
        (True, False)
    """
    source = _tokens(text)
    if source.length < len(text):
        return False
    names = {string for kind, string, _, _ in source.tokens if kind == tokenize.NAME}
    signs = {string for kind, string, _, _ in source.tokens if kind == tokenize.OP}
    return bool(names & {"def", "class", "import", "return"}) or "=" in signs


def quotes(text: str) -> Values:
    """Return 1 inside string literals, from the opening quote to before the closing one.

    Args:
        text: The document.

    Example:
        >>> quotes("a = 'b'").tolist()
        [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0]
    """
    source = _tokens(text)
    values = _empty(text, source)
    depth = start = 0
    for kind, string, first, end in source.tokens:
        if kind == tokenize.STRING:
            prefix = len(string) - len(string.lstrip("rRbBuUfF"))
            values[first + prefix : end - 1] = 1.0
        elif kind == _FSTRING_START:
            start = end - 1 if depth == 0 else start
            depth += 1
        elif kind == _FSTRING_END:
            depth -= 1
            if depth == 0:
                values[start : end - 1] = 1.0
    return values


def comment(text: str) -> Values:
    """Return 1 inside comments, from `#` to the end of the line.

    Args:
        text: The document.

    Example:
        >>> comment("a # b").tolist()
        [0.0, 0.0, 1.0, 1.0, 1.0]
    """
    source = _tokens(text)
    values = _empty(text, source)
    for kind, _, first, end in source.tokens:
        if kind == tokenize.COMMENT:
            values[first:end] = 1.0
    return values


def bracket_depth(text: str) -> Values:
    """Return the number of open brackets; those in strings and comments do not count.

    Args:
        text: The document.

    Example:
        >>> bracket_depth("f([')'])").tolist()
        [0.0, 1.0, 2.0, 2.0, 2.0, 2.0, 1.0, 0.0]
    """
    source = _tokens(text)
    change = np.zeros(len(text))
    for kind, string, first, _ in source.tokens:
        if kind == tokenize.OP:
            change[first] += (string in _OPENING) - (string in _CLOSING)
    return np.where(np.isnan(_empty(text, source)), np.nan, np.cumsum(change))


def if_body(text: str) -> Values:
    r"""Return 1 inside the body of an `if` or `elif`, however deep; not in that of `else`.

    A body begins after the line end of the header and ends at the first character after the
    indentation of a line that is indented less. A body on the line of its header does not count.

    Args:
        text: The document.

    Example:
        >>> if_body("if a:\n b\nc").tolist()
        [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0]
    """
    source = _tokens(text)
    values = _empty(text, source)
    for start, end in _if_bodies(source):
        values[start:end] = 1.0
    return values


def _if_bodies(source: _Source) -> Iterator[tuple[int, int]]:
    """Yield the first character and the end of every body, also of those cut off by the end."""
    blocks: list[int | None] = []  # The start of each open block; None if it is not of an `if`.
    header, header_end, is_line_start = "", 0, True
    for kind, string, first, end in source.tokens:
        if kind == tokenize.INDENT:
            # After the header's line end: what follows is already known to be in the body.
            blocks.append(header_end - 1 if header in _TESTS else None)
        elif kind == tokenize.DEDENT and blocks:
            start = blocks.pop()
            if start is not None:
                yield start, first
        elif kind == tokenize.NEWLINE:
            header_end, is_line_start = end, True
        elif kind not in _SILENT and is_line_start:
            header, is_line_start = string, False
    for start in blocks:
        if start is not None:
            yield start, source.length


def _empty(text: str, source: _Source) -> Values:
    values = np.zeros(len(text))
    values[source.length :] = np.nan
    return values


@lru_cache(maxsize=_NUM_KEPT)
def _tokens(text: str) -> _Source:
    """Tokenize a document as far as it is Python."""
    # Universal newlines would change the offsets.
    lines = text.split("\n")
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    tokens, length = [], len(text)
    try:
        for token in tokenize.generate_tokens(io.StringIO(text, newline="\n").readline):
            first = starts[min(token.start[0] - 1, len(lines))] + token.start[1]
            end = starts[min(token.end[0] - 1, len(lines))] + token.end[1]
            if token.type == tokenize.ERRORTOKEN and not token.string.isspace():
                length = first
                break
            if token.type != tokenize.ENDMARKER:
                tokens.append((token.type, token.string, first, min(end, len(text))))
    except (tokenize.TokenError, IndentationError, SyntaxError):
        length = tokens[-1][3] if tokens else 0
    return _Source(tuple(each for each in tokens if each[2] <= length), length)

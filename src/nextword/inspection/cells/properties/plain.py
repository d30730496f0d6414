"""Properties of any text, computed by simple scanners. Knows no programming language."""

import re
from collections.abc import Callable

import numpy as np

from nextword.inspection.cells.properties.contract import Values

_OPENING, _CLOSING = "([{", ")]}"
_SENTENCE_ENDS = frozenset(".!?")
_PARAGRAPH_END = re.compile(r"\n[ \t]*\n")


def line_position(text: str) -> Values:
    r"""Return the number of characters since the last line end.

    Args:
        text: The text.

    Example:
        >>> line_position("ab\ncd").tolist()
        [1.0, 2.0, 0.0, 1.0, 2.0]
    """
    places = np.arange(1, len(text) + 1, dtype=np.float64)
    ends = np.where(_equal_to(text, "\n"), places, 0.0)
    return places - np.maximum.accumulate(ends) if len(text) else places


def indentation(text: str) -> Values:
    r"""Return the number of blanks and tabs at the start of the current line, read so far.

    Args:
        text: The text.

    Example:
        >>> indentation("a\n  b c").tolist()
        [0.0, 0.0, 1.0, 2.0, 2.0, 2.0, 2.0]
    """
    values = np.empty(len(text))
    width, is_leading = 0, True
    for place, character in enumerate(text):
        if character == "\n":
            width, is_leading = 0, True
        elif is_leading and character in " \t":
            width += 1
        else:
            is_leading = False
        values[place] = width
    return values


def number(text: str) -> Values:
    """Return 1 at digits.

    Args:
        text: The text.
    """
    return _at(text, str.isdigit)


def capital(text: str) -> Values:
    """Return 1 at upper-case letters.

    Args:
        text: The text.
    """
    return _at(text, str.isupper)


def sentence_position(text: str) -> Values:
    """Return the number of characters since the sentence began.

    A sentence ends at white space after `.`, `!` or `?`, and at an empty line.

    Args:
        text: The text.

    Example:
        >>> sentence_position("No. A b").tolist()
        [1.0, 2.0, 3.0, 0.0, 1.0, 2.0, 3.0]
    """
    values = np.empty(len(text))
    count, before, line_is_empty = 0, "", True
    for place, character in enumerate(text):
        is_end = before in _SENTENCE_ENDS and character.isspace()
        if character == "\n":
            is_end = is_end or line_is_empty
            line_is_empty = True
        elif not character.isspace():
            line_is_empty = False
        count = 0 if is_end else count + 1
        values[place] = count
        before = character
    return values


def quotes(text: str) -> Values:
    """Return 1 inside double quotes, from the opening quote to before the closing one.

    Straight quotes open and close in turn. An empty line closes what is open.

    Args:
        text: The text.

    Example:
        >>> quotes('a "b" c').tolist()
        [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0]
    """
    values = np.empty(len(text))
    is_open = False
    ends = _paragraph_ends(text)
    for place, character in enumerate(text):
        if character == '"':
            is_open = not is_open
        elif character in "“”":
            is_open = character == "“"
        elif place in ends:
            is_open = False
        values[place] = is_open
    return values


def bracket_depth(text: str) -> Values:
    """Return the number of open brackets, `(`, `[` and `{`.

    A closing bracket without an opening one is ignored. An empty line closes what is open.

    Args:
        text: The text.

    Example:
        >>> bracket_depth("a (b [c]) d").tolist()
        [0.0, 0.0, 1.0, 1.0, 1.0, 2.0, 2.0, 1.0, 0.0, 0.0, 0.0]
    """
    values = np.empty(len(text))
    depth = 0
    ends = _paragraph_ends(text)
    for place, character in enumerate(text):
        if character in _OPENING:
            depth += 1
        elif character in _CLOSING:
            depth = max(0, depth - 1)
        elif place in ends:
            depth = 0
        values[place] = depth
    return values


def _paragraph_ends(text: str) -> frozenset[int]:
    return frozenset(found.end() - 1 for found in _PARAGRAPH_END.finditer(text))


def _at(text: str, is_true: Callable[[str], bool]) -> Values:
    return np.fromiter(map(is_true, text), dtype=np.float64, count=len(text))


def _equal_to(text: str, character: str) -> np.ndarray:
    codes = np.frombuffer(text.encode("utf-32-le", errors="surrogatepass"), dtype="<u4")
    equal: np.ndarray = codes == ord(character)
    return equal

"""Properties given as regular expressions."""

import re

import numpy as np

from nextword.base import ConfigError
from nextword.inspection.cells.properties.contract import Property, Values


def pattern_property(name: str, pattern: str) -> Property:
    """Return the binary property of being inside a match of a regular expression.

    It is 1 at every character of a match. The expression is searched in the whole document, so it
    may look ahead: then the property is not known yet when the character is read. `^` and `$` match
    at line ends.

    Args:
        name: Name of the property.
        pattern: The regular expression, in Python's syntax.

    Raises:
        ConfigError: The expression is not valid.

    Example:
        >>> pattern_property("digits", "[0-9]+").of("a12").tolist()
        [0.0, 1.0, 1.0]
    """
    try:
        compiled = re.compile(pattern, re.MULTILINE)
    except re.error as error:
        raise ConfigError(
            f"the pattern of the property {name!r}, {pattern!r}, is not a regular expression: "
            f"{error}.",
            help="Escape signs with a backslash, as in TODO=\\(todo\\).",
        ) from error

    def values(text: str) -> Values:
        inside = np.zeros(len(text))
        for found in compiled.finditer(text):
            inside[found.start() : found.end()] = 1.0
        return inside

    return Property(name=name, kind="binary", values=values, source="regular expression")

"""The properties that are known by name, for Python source and for other text."""

from collections.abc import Sequence

import numpy as np

from nextword.base import ConfigError, did_you_mean
from nextword.inspection.cells.properties import plain, python_source
from nextword.inspection.cells.properties.contract import Property
from nextword.inspection.cells.properties.patterns import pattern_property

_SCANNER, _TOKENIZE = "scanner", "tokenize"
LANGUAGES = ("auto", "python", "text")

#: Properties that any text has, in the order of the report.
_OF_ANY_TEXT = (
    Property(name="line_position", kind="numeric", values=plain.line_position, source=_SCANNER),
    Property(name="indentation", kind="numeric", values=plain.indentation, source=_SCANNER),
    Property(name="number", kind="binary", values=plain.number, source=_SCANNER),
    Property(name="capital", kind="binary", values=plain.capital, source=_SCANNER),
)
_OF_PYTHON = (
    Property(name="quotes", kind="binary", values=python_source.quotes, source=_TOKENIZE),
    Property(name="comment", kind="binary", values=python_source.comment, source=_TOKENIZE),
    Property(
        name="bracket_depth", kind="numeric", values=python_source.bracket_depth, source=_TOKENIZE
    ),
    Property(
        name="inside_brackets",
        kind="binary",
        values=lambda text: _above_zero(python_source.bracket_depth(text)),
        source=_TOKENIZE,
    ),
    Property(name="if_body", kind="binary", values=python_source.if_body, source=_TOKENIZE),
)
_OF_PROSE = (
    Property(name="quotes", kind="binary", values=plain.quotes, source=_SCANNER),
    Property(name="bracket_depth", kind="numeric", values=plain.bracket_depth, source=_SCANNER),
    Property(
        name="inside_brackets",
        kind="binary",
        values=lambda text: _above_zero(plain.bracket_depth(text)),
        source=_SCANNER,
    ),
    Property(
        name="sentence_position", kind="numeric", values=plain.sentence_position, source=_SCANNER
    ),
)


def text_language(documents: Sequence[str]) -> str:
    r"""Return `python` if every document is Python source, else `text`.

    Args:
        documents: The documents.

    Example:
        >>> text_language(["import os\n"]), text_language(["It was a dark night.\n"])
        ('python', 'text')
    """
    return "python" if all(map(python_source.is_python, documents)) else "text"


def named_properties(language: str, requested: Sequence[str] = ()) -> tuple[Property, ...]:
    """Return properties by name.

    Args:
        language: `python` or `text`.
        requested: Names of properties, and `NAME=REGEX` for those given as a regular expression.
            Without a name, all properties of the language are returned, and then those given as
            regular expressions.

    Raises:
        ConfigError: The language or a name is unknown, a name is given twice, or an expression is
            not valid.

    Example:
        >>> [each.name for each in named_properties("python", ["comment", "todo=TODO"])]
        ['comment', 'todo']
    """
    known = {each.name: each for each in properties_of(language)}
    patterns = [_pattern(each) for each in requested if "=" in each]
    names = [each for each in requested if "=" not in each]
    for name in names:
        if name not in known:
            raise ConfigError(
                f"there is no property {name!r} of {_spelled(language)}.",
                help=f"{did_you_mean(name, known)} A regular expression is given as NAME=REGEX.",
            )
    chosen = [known[name] for name in names] if names else list(known.values())
    given = [each.name for each in (*chosen, *patterns)]
    wrong = [name for name in given if given.count(name) > 1]
    wrong += [each.name for each in patterns if each.name in known]
    if wrong:
        raise ConfigError(
            f"the property {wrong[0]!r} is given twice, or is the name of another property.",
            help="Give each property its own name.",
        )
    return (*chosen, *patterns)


def properties_of(language: str) -> tuple[Property, ...]:
    """Return all properties of a language.

    Args:
        language: `python` or `text`.

    Raises:
        ConfigError: The language is unknown.
    """
    if language not in LANGUAGES[1:]:
        raise ConfigError(f"the language is {language!r}.", help=did_you_mean(language, LANGUAGES))
    return (*_OF_ANY_TEXT, *(_OF_PYTHON if language == "python" else _OF_PROSE))


def _pattern(requested: str) -> Property:
    name, _, pattern = requested.partition("=")
    if not name.isidentifier() or not pattern:
        raise ConfigError(
            f"--property {requested!r} is not NAME=REGEX.",
            help="Write a name of letters, digits and _ before the sign =, as in todo=TODO.",
        )
    return pattern_property(name, pattern)


def _spelled(language: str) -> str:
    return "Python source" if language == "python" else "plain text"


def _above_zero(values: np.ndarray) -> np.ndarray:
    above: np.ndarray = np.where(np.isnan(values), np.nan, values > 0)
    return above

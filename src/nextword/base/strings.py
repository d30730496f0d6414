"""Checks of arguments that are one string or several."""

from collections.abc import Iterable, Sequence

from nextword.base.errors import ConfigError
from nextword.base.paths import shortened


def require_text(name: str, text: object) -> None:
    """Raise a ConfigError unless an argument is one string.

    Args:
        name: Name of the argument.
        text: Its value.

    Example:
        >>> require_text("context", "the old man")
    """
    if not isinstance(text, str):
        raise ConfigError(
            f"{name} is of type {type(text).__name__}; one string is expected.",
            help="Call it once for each text."
            if isinstance(text, Iterable)
            else "Pass a string."
            if not name.isidentifier()
            else f'Pass a text, such as {name}="the old man".',
        )


def require_several(name: str, texts: object) -> None:
    """Raise a ConfigError unless several strings are given; their types are not checked.

    Args:
        name: Name of the argument.
        texts: Its value.
    """
    if isinstance(texts, bytes) or not isinstance(texts, Iterable):
        raise ConfigError(
            f"{name} is of type {type(texts).__name__}; a list of strings is expected.",
            help=f'Pass the texts, such as {name}=["the old man"].',
        )
    if isinstance(texts, str):
        raise ConfigError(
            f"{name} is a single string; a list of strings is expected.",
            help=f"Pass [{shortened(texts)}].",
        )


def require_words(words: str | Sequence[str], *, several: str) -> None:
    """Raise a ConfigError if texts are given where the words of one text are expected.

    Args:
        words: A text, or its words. They are taken for texts if all of them have white space.
        several: Name of the method for several texts.
    """
    if not isinstance(words, str) and words and all(len(word.split()) > 1 for word in words):
        raise ConfigError(
            f"a word is {shortened(words[0])}; the words of one text are expected.",
            help=f"Use {several} for several texts.",
        )

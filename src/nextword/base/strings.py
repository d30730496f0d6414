"""Checks of arguments that are several strings."""

from collections.abc import Sequence

from nextword.base.errors import ConfigError
from nextword.base.paths import shortened


def require_several(name: str, texts: object) -> None:
    """Raise a ConfigError if a single string is given where several are expected.

    Args:
        name: Name of the argument.
        texts: Its value.
    """
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

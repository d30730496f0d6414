"""The form in which a text is typed: unchanged, in lower case, or letters only."""

import re
from typing import Literal, get_args

from nextword.base import ConfigError, did_you_mean
from nextword.tokens import WORD_SEPARATORS

TextForm = Literal["unchanged", "lower", "letters"]

#: What each form does, for reports.
TEXT_FORMS: dict[TextForm, str] = {
    "unchanged": "unchanged, with upper case and punctuation",
    "lower": "in lower case, with punctuation",
    "letters": "in lower case, without characters other than letters and apostrophes",
}

_SEPARATORS = re.compile(f"[{re.escape(WORD_SEPARATORS)}]+")


def resolve_form(name: str) -> TextForm:
    """Return a form by its name.

    Raises:
        ConfigError: There is no such form; the error suggests the nearest one.
    """
    if name not in TEXT_FORMS:
        raise ConfigError(
            f"the form of the text is {name!r}; it must be one of {', '.join(get_args(TextForm))}.",
            help=did_you_mean(name, TEXT_FORMS),
        )
    return name


def typed_words(line: str, form: TextForm) -> list[str]:
    """Return the words of a line in the form in which they are typed.

    Words are separated by white space. Form `letters` removes other characters and does not split
    words at them.

    Example:
        >>> typed_words("Don't drop the e-mail, OK?", "letters")
        ["don't", 'drop', 'the', 'email', 'ok']
    """
    words = [word for word in _SEPARATORS.split(line) if word]
    if form == "unchanged":
        return words
    words = [word.lower() for word in words]
    if form == "lower":
        return words
    return [kept for word in words if (kept := _letters(word))]


def _letters(word: str) -> str:
    kept = "".join(
        letter for letter in word.replace("\u2019", "'") if letter.isalpha() or letter == "'"
    )
    return kept if kept.strip("'") else ""

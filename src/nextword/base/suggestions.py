"""Suggestions of known names, for error messages about unknown ones."""

import difflib
from collections.abc import Iterable


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most similar to a name; None if none is similar.

    Example:
        >>> nearest_name("lstm-smal", ["elman", "lstm-small"])
        'lstm-small'
    """
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return matches[0] if matches else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a help line with the most similar known name, or with all known names.

    Example:
        >>> did_you_mean("elmann", ["elman", "gru"])
        "Did you mean 'elman'?"
        >>> did_you_mean("zzz", ["gru", "elman"])
        'Known: elman, gru.'
    """
    names = sorted(known)
    nearest = nearest_name(name, names)
    return f"Known: {', '.join(names)}." if nearest is None else f"Did you mean {nearest!r}?"

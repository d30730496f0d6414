"""Suggestions of known names, for error messages about unknown ones."""

import difflib
from collections.abc import Iterable, Sequence


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most similar to a name; None if none is similar.

    Example:
        >>> nearest_name("lstm-smal", ["elman", "lstm-small"])
        'lstm-small'
    """
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a help line with the most similar known names, or with all known names.

    Names of which the given one is a part come first.

    Example:
        >>> did_you_mean("elmann", ["elman", "gru"])
        "Did you mean 'elman'?"
        >>> did_you_mean("lstm", ["lstm-small", "min-lstm", "elman"])
        "Did you mean 'lstm-small' or 'min-lstm'?"
        >>> did_you_mean("zzz", ["gru", "elman"])
        'Known: elman, gru.'
    """
    names = sorted(known)
    longer = [each for each in names if name in each.split("-")]
    nearest = nearest_name(name, names)
    if longer:
        return f"Did you mean {_alternatives(longer)}?"
    return f"Known: {', '.join(names)}." if nearest is None else f"Did you mean {nearest!r}?"


def _alternatives(names: Sequence[str]) -> str:
    *first, last = [repr(name) for name in names]
    return f"{', '.join(first)} or {last}" if first else last

"""Other spans of a text where the units are active that are active in a selected span.

As in LSTMVis: a unit is on where its value is at least a threshold, up or down, throughout the
span. The other spans are those where most of these units are on again.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from nextword.base import ConfigError, DataError, require_range
from nextword.inspection.cells.states import Unit, UnitStates
from nextword.inspection.cells.text import UnitText

_CONTEXT_CHARACTERS = 30
#: A unit that is on at more than this share of all tokens tells little about the span.
_MAX_ON_SHARE = 0.5
_MAX_UNITS = 20


@dataclass(frozen=True, kw_only=True)
class SpanMatch:
    """Another span where most of the units are on.

    Attributes:
        start: Number of characters before it.
        end: Number of characters up to its end.
        text: Its text.
        before: Characters before it, for display.
        after: Characters after it, for display.
        share: Mean share of the units that are on in it.
    """

    start: int
    end: int
    text: str
    before: str
    after: str
    share: float


@dataclass(frozen=True, kw_only=True)
class SpanMatches:
    """The spans that are like a selected one.

    Attributes:
        text: The selected text.
        start: Number of characters before it.
        end: Number of characters up to its end.
        units: The units that are on throughout it, the most specific first, and whether each is on
            with positive values.
        threshold: The smallest absolute value at which a unit is on.
        matches: Other spans, best first.
    """

    text: str
    start: int
    end: int
    units: tuple[tuple[Unit, bool], ...]
    threshold: float
    matches: tuple[SpanMatch, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON values."""
        values = asdict(self)
        values["units"] = [
            {**asdict(unit), "is_positive": is_positive} for unit, is_positive in self.units
        ]
        return values


def find_span(text: UnitText, span: str) -> tuple[int, int]:
    """Return the first and the end character of a span.

    Args:
        text: The text.
        span: `START:END` in characters from 0, or text that occurs in the text; its first
            occurrence is selected.

    Raises:
        ConfigError: The span is outside the text, is empty, or does not occur.

    Example:
        `find_span(text, "120:131")`, `find_span(text, "return")`
    """
    first, colon, last = span.partition(":")
    if colon and first.isdecimal() and last.isdecimal():
        start, end = int(first), int(last)
        if not start < end <= len(text.text):
            raise ConfigError(
                f"the span {span} is empty or not within the {len(text.text)} characters that are "
                "read.",
                help=f"Give START:END with 0 <= START < END <= {len(text.text)}.",
            )
        return start, end
    start = text.text.find(span)
    if not span or start < 0:
        raise ConfigError(
            f"the text {span!r} does not occur in the {len(text.text)} characters that are read.",
            help="Give text that occurs, or START:END in characters.",
        )
    return start, start + len(span)


def match_span(
    text: UnitText,
    states: UnitStates,
    *,
    start: int,
    end: int,
    threshold: float = 0.3,
    part: str = "hidden_state",
    num_matches: int = 10,
) -> SpanMatches:
    """Find other spans of a text where the units of a selected span are on.

    Args:
        text: The text.
        states: The states of a model along it.
        start: Number of characters before the selected span.
        end: Number of characters up to its end.
        threshold: The smallest absolute value at which a unit is on.
        part: The part of the states whose units are compared.
        num_matches: Number of spans to return.

    Returns:
        The units, and the other spans: those of about the same length first where most units are
        on.

    Raises:
        ConfigError: The threshold is not positive, or the model has no such part.
        DataError: The span contains no token, or no unit is on throughout it.

    Source: [strobelt2018].
    """
    require_range("threshold", threshold, low=1e-6)
    chosen = (text.ends > start) & (text.starts < end)
    if not chosen.any():
        raise DataError(f"no token is in the span {start}:{end}.", help="Select a longer span.")
    columns = [number for number, unit in enumerate(states.units) if unit.part == part]
    if not columns:
        raise ConfigError(f"the model's states have no part {part!r}.")
    values = states.values[:, columns]
    units, signs = _units_on(values, chosen, threshold=threshold)
    if len(units) == 0:
        raise DataError(
            f"no unit is on throughout the span {text.text[start:end]!r} and off at half of the "
            f"other tokens, with the threshold {threshold:g}.",
            help="Select a shorter span, or lower --threshold.",
        )
    shares = (values[:, units] * signs >= threshold).mean(axis=1)
    matches = _matches(text, shares, chosen=chosen)
    return SpanMatches(
        text=text.text[start:end],
        start=start,
        end=end,
        units=tuple(
            (states.units[columns[unit]], bool(sign > 0))
            for unit, sign in zip(units, signs, strict=True)
        ),
        threshold=threshold,
        matches=tuple(matches[:num_matches]),
    )


def _units_on(
    values: Float[np.ndarray, "num_tokens units"],
    chosen: Bool[np.ndarray, " num_tokens"],
    *,
    threshold: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the units that are on throughout the span, the rarest first, and their signs."""
    signs = np.sign(values[chosen][0])
    is_on = values * signs >= threshold
    shares = is_on[~chosen].mean(axis=0) if (~chosen).any() else np.zeros(values.shape[1])
    units = np.flatnonzero(is_on[chosen].all(axis=0) & (shares <= _MAX_ON_SHARE))
    units = units[np.argsort(shares[units], kind="stable")][:_MAX_UNITS]
    return units, signs[units]


def _matches(
    text: UnitText,
    shares: Float[np.ndarray, " num_tokens"],
    *,
    chosen: Bool[np.ndarray, " num_tokens"],
) -> list[SpanMatch]:
    """Return runs of tokens where more than half of the units are on, best first."""
    is_on = (shares > 0.5) & ~chosen
    edges = np.flatnonzero(np.diff(np.concatenate([[0], is_on.astype(np.int8), [0]])))
    length = int(chosen.sum())
    ranked = []
    for first, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        share = float(shares[first:end].mean())
        likeness = min(length, end - first) / max(length, end - first)
        ranked.append((share * likeness, share, first, end))
    ranked.sort(key=lambda each: (-each[0], each[2]))
    starts, ends = text.starts, text.ends
    return [
        _match(text.text, int(starts[first]), int(ends[end - 1]), share=share)
        for _, share, first, end in ranked
    ]


def _match(text: str, start: int, end: int, *, share: float) -> SpanMatch:
    return SpanMatch(
        start=start,
        end=end,
        text=text[start:end],
        before=text[max(0, start - _CONTEXT_CHARACTERS) : start],
        after=text[end : end + _CONTEXT_CHARACTERS],
        share=share,
    )

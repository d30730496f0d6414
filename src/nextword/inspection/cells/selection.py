"""The units whose values tell a property best: selected on one half, scored on the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from nextword.base import DataError
from nextword.inspection.cells.properties import Kind, Property
from nextword.inspection.cells.scores import (
    aucs,
    correlations,
    directed,
    strength,
)
from nextword.inspection.cells.states import Unit, UnitStates
from nextword.inspection.cells.text import UnitText

#: Both values of a binary property must occur this often in each half of the text.
_MIN_ITEMS = 20


@dataclass(frozen=True, kw_only=True)
class TrackedUnit:
    """A unit and how well it tells a property.

    Attributes:
        unit: The unit.
        selection_score: Its AUC or |correlation| on the first half, on which it was selected.
        score: The same on the second half.
        is_rising: Whether large values of the unit go with large values of the property.
    """

    unit: Unit
    selection_score: float
    score: float
    is_rising: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class Halves:
    """The values of a property, and the tokens of each half that have one.

    Attributes:
        values: The value after each token, (num_tokens); NaN where it is not defined.
        first: True at the tokens of the first half with a value, (num_tokens).
        second: The same for the second half, (num_tokens).
    """

    values: Float[np.ndarray, " num_tokens"]
    first: Bool[np.ndarray, " num_tokens"]
    second: Bool[np.ndarray, " num_tokens"]


def usable_properties(
    text: UnitText, properties: Sequence[Property]
) -> tuple[dict[str, Halves], dict[str, str]]:
    """Return the values of the properties that vary enough in both halves.

    Args:
        text: The text.
        properties: The properties.

    Returns:
        The values by name of the property, and the reasons why others are left out.

    Raises:
        DataError: No property varies enough.
    """
    usable, skipped = {}, {}
    is_first = np.arange(text.num_tokens) < text.num_tokens // 2
    for prop in properties:
        values = text.values(prop)
        is_known = ~np.isnan(values)
        halves = Halves(values=values, first=is_known & is_first, second=is_known & ~is_first)
        reason = ""
        for name, half in (("first", halves.first), ("second", halves.second)):
            reason = reason or _why_unusable(values[half], prop.kind, half=name)
        if reason:
            skipped[prop.name] = reason
        else:
            usable[prop.name] = halves
    if not usable:
        raise DataError(
            f"{text.description} is too short: no property varies in both halves of its "
            f"{text.num_tokens} tokens ("
            + "; ".join(f"{name}: {reason}" for name, reason in skipped.items())
            + ").",
            help="Give a longer text.",
        )
    return usable, skipped


def _why_unusable(values: np.ndarray, kind: Kind, *, half: str) -> str:
    if kind == "numeric":
        few = len(np.unique(values)) < 2 or len(values) < _MIN_ITEMS
        return f"it has fewer than 2 values in the {half} half" if few else ""
    count = int(min(values.sum(), len(values) - values.sum()))
    rare = "1" if values.sum() == count else "0"
    return (
        f"it is {rare} at {count} tokens of the {half} half, fewer than {_MIN_ITEMS}"
        if count < _MIN_ITEMS
        else ""
    )


def best_units(
    states: UnitStates,
    properties: Sequence[Property],
    *,
    halves: Mapping[str, Halves],
    num_units: int,
) -> tuple[list[tuple[TrackedUnit, ...]], list[float]]:
    """Return the best units of each property, and the mean score of all units.

    Args:
        states: The states of the model along the text.
        properties: The properties.
        halves: Their values, by name.
        num_units: Number of units to return for each property.

    Returns:
        For each property, the units with the best scores on the first half, and the mean score of
        all units on the second.
    """
    selections = _scores(states, properties, halves=halves, is_second=False)
    finals = _scores(states, properties, halves=halves, is_second=True)
    tracked, means = [], []
    for prop in properties:
        selection, held_out = selections[prop.name], finals[prop.name]
        is_rising = selection >= (0.0 if prop.kind == "numeric" else 0.5)
        strengths = strength(selection, kind=prop.kind)
        final = [
            directed(float(score), is_rising=bool(rising), kind=prop.kind)
            for score, rising in zip(held_out, is_rising, strict=True)
        ]
        best = np.argsort(-strengths, kind="stable")[:num_units]
        tracked.append(
            tuple(
                TrackedUnit(
                    unit=states.units[each],
                    selection_score=float(strengths[each]),
                    score=final[each],
                    is_rising=bool(is_rising[each]),
                )
                for each in best
            )
        )
        means.append(float(np.mean(final)))
    return tracked, means


def _scores(
    states: UnitStates,
    properties: Sequence[Property],
    *,
    halves: Mapping[str, Halves],
    is_second: bool,
) -> dict[str, np.ndarray]:
    """Return the scores of all units on one half, by name of the property.

    Binary properties that are known at the same tokens are scored together, because ranking the
    values takes most of the time.
    """
    scores: dict[str, np.ndarray] = {}
    groups: dict[bytes, list[str]] = {}
    known = {name: each.second if is_second else each.first for name, each in halves.items()}
    for prop in properties:
        half = known[prop.name]
        if prop.kind == "numeric":
            targets = halves[prop.name].values[half]
            scores[prop.name] = correlations(states.values[half], targets)
        else:
            groups.setdefault(np.packbits(half).tobytes(), []).append(prop.name)
    for names in groups.values():
        half = known[names[0]]
        labels = np.stack([halves[name].values[half] for name in names])
        scores.update(zip(names, aucs(states.values[half], labels), strict=True))
    return scores

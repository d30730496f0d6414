"""The search for units that track properties of a text, with controls."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float

from nextword.base import DataError
from nextword.inspection.cells.ablation import Ablation, ablated_nll, ablation_of
from nextword.inspection.cells.last_characters import (
    last_character_features,
    last_character_scores,
)
from nextword.inspection.cells.properties import Kind, Property
from nextword.inspection.cells.scores import (
    auc_from_ranks,
    correlations,
    directed,
    mean_ranks,
    strength,
)
from nextword.inspection.cells.states import Unit, UnitStates, require_states, unit_states
from nextword.inspection.cells.text import UnitText
from nextword.models import LanguageModel

#: Both values of a binary property must occur this often in each half of the text.
_MIN_ITEMS = 20
_NUM_RANDOM_UNITS = 10


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


@dataclass(frozen=True, kw_only=True)
class PropertyUnits:
    """The units that track one property best. Scores are AUC or |correlation|, on the second half.

    Attributes:
        name: Name of the property.
        kind: `binary` for the AUC, `numeric` for the correlation.
        source: How the property was computed.
        mean: Mean value of the property in the second half: its share, if it is binary.
        units: The best units, by their score on the first half.
        random_unit: Expected score of a unit drawn at random.
        untrained: Score of the best unit of an untrained network; None without one.
        last_characters: Score of a predictor that sees the last 8 characters.
        ablation: What the model loses without the best unit; None where it was not measured.
    """

    name: str
    kind: Kind
    source: str
    mean: float
    units: tuple[TrackedUnit, ...]
    random_unit: float
    untrained: float | None
    last_characters: float
    ablation: Ablation | None

    @property
    def best(self) -> TrackedUnit:
        """The unit with the best score on the first half."""
        return self.units[0]


@dataclass(frozen=True, kw_only=True)
class CellSearch:
    """Which units of a model track which properties of a text.

    Attributes:
        description: Source of the text.
        num_tokens: Number of tokens; units are selected on the first half and scored on the second.
        num_units: Number of units that were searched.
        properties: One result per property.
        skipped: Properties that could not be scored, with the reasons.
    """

    description: str
    num_tokens: int
    num_units: int
    properties: tuple[PropertyUnits, ...]
    skipped: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON values."""
        return {
            "text": self.description,
            "num_tokens": self.num_tokens,
            "num_units": self.num_units,
            "properties": [asdict(each) for each in self.properties],
            "skipped": dict(self.skipped),
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class _Halves:
    """The values of a property, and which tokens of each half have one."""

    values: Float[np.ndarray, " num_tokens"]
    first: Bool[np.ndarray, " num_tokens"]
    second: Bool[np.ndarray, " num_tokens"]


def search_cells(
    model: LanguageModel,
    text: UnitText,
    *,
    properties: Sequence[Property],
    untrained: LanguageModel | None = None,
    states: UnitStates | None = None,
    num_units: int = 3,
    ablation_tokens: int = 5_000,
    seed: int = 0,
    on_progress: Callable[[str], None] | None = None,
) -> CellSearch:
    """Search all units of a recurrent model for those that track properties of a text.

    Every unit of every layer and part of the state is scored on the first half of the text: by the
    area under the ROC curve (AUC) for binary and by the correlation for numeric properties. The
    units with the best scores are scored again on the second half, in the same direction.

    Args:
        model: A recurrent model.
        text: The text, which the model should not have been trained on.
        properties: The properties.
        untrained: A network of the same sizes without training, as a control.
        states: The result of `unit_states` for the text, if it is known.
        num_units: Number of units to return for each property.
        ablation_tokens: Number of tokens of the second half on which the loss without a unit is
            measured; 0 to leave this out.
        seed: Seed of the random units of the ablation and of the last-characters predictor.
        on_progress: Called with the name of each stage.

    Returns:
        The units and controls of each property.

    Raises:
        ConfigError: The model has no states.
        DataError: The text is too short for every property.

    Source: [karpathy2015].
    """
    neural = require_states(model)
    report = on_progress if on_progress is not None else _ignore
    if states is None:
        report("reading the text")
        states = unit_states(model, text.token_ids)
    halves, skipped = _usable_properties(text, properties)
    chosen = [each for each in properties if each.name in halves]
    report("scoring the units")
    tracked, random_scores = _best_units(states, chosen, halves=halves, num_units=num_units)
    controls: Sequence[float | None] = [None] * len(chosen)
    if untrained is not None:
        report("reading the text with an untrained network")
        other = unit_states(untrained, text.token_ids)
        found, _ = _best_units(other, chosen, halves=halves, num_units=1)
        controls = [units[0].score for units in found]
    report("fitting the predictor from the last characters")
    last = _last_character_scores(text, chosen, halves=halves, seed=seed)
    ablations: Sequence[Ablation | None] = [None] * len(chosen)
    if ablation_tokens:
        report("measuring the loss without units")
        nll = _Ablated(states, tracked=tracked, seed=seed)
        ablations = nll.measure(neural, text, chosen, halves=halves, max_tokens=ablation_tokens)
    return CellSearch(
        description=text.description,
        num_tokens=text.num_tokens,
        num_units=len(states.units),
        properties=tuple(
            PropertyUnits(
                name=prop.name,
                kind=prop.kind,
                source=prop.source,
                mean=float(halves[prop.name].values[halves[prop.name].second].mean()),
                units=tracked[number],
                random_unit=random_scores[number],
                untrained=controls[number],
                last_characters=last[number],
                ablation=ablations[number],
            )
            for number, prop in enumerate(chosen)
        ),
        skipped=skipped,
    )


def _ignore(stage: str) -> None:
    """No-op progress callback."""


def _usable_properties(
    text: UnitText, properties: Sequence[Property]
) -> tuple[dict[str, _Halves], dict[str, str]]:
    """Return the values of the properties that vary enough in both halves, and the other ones."""
    usable, skipped = {}, {}
    is_first = np.arange(text.num_tokens) < text.num_tokens // 2
    for prop in properties:
        values = text.values(prop)
        is_known = ~np.isnan(values)
        halves = _Halves(values=values, first=is_known & is_first, second=is_known & ~is_first)
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


def _best_units(
    states: UnitStates,
    properties: Sequence[Property],
    *,
    halves: Mapping[str, _Halves],
    num_units: int,
) -> tuple[list[tuple[TrackedUnit, ...]], list[float]]:
    """Return the best units of each property, and the mean score of all units."""
    ranks: dict[bytes, np.ndarray] = {}

    def scores(prop: Property, half: np.ndarray) -> np.ndarray:
        targets, values = halves[prop.name].values[half], states.values[half]
        if prop.kind == "numeric":
            return correlations(values, targets)
        key = np.packbits(half).tobytes()
        if key not in ranks:
            ranks[key] = mean_ranks(values)
        return auc_from_ranks(ranks[key], targets)

    tracked, means = [], []
    for prop in properties:
        selection = scores(prop, halves[prop.name].first)
        held_out = scores(prop, halves[prop.name].second)
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


def _last_character_scores(
    text: UnitText, properties: Sequence[Property], *, halves: Mapping[str, _Halves], seed: int
) -> list[float]:
    features = last_character_features(text.text)[text.ends - 1]
    targets = np.stack([halves[each.name].values for each in properties], axis=1)
    kinds = [each.kind for each in properties]
    num_fitted = text.num_tokens // 2
    scores = last_character_scores(features, targets, kinds=kinds, num_fitted=num_fitted, seed=seed)
    return [float(score) for score in scores]


class _Ablated:
    """The losses without the best unit of each property and without random units."""

    def __init__(
        self, states: UnitStates, *, tracked: Sequence[Sequence[TrackedUnit]], seed: int
    ) -> None:
        self._states = states
        self._best = [units[0].unit for units in tracked]
        known = {(unit.layer, unit.index) for unit in self._best}
        generator = torch.Generator().manual_seed(seed)
        self._random: list[Unit] = []
        for layer in sorted({unit.layer for unit in self._best}):
            others = [
                unit
                for unit in states.units
                if unit.layer == layer
                and unit.part == states.units[0].part
                and (unit.layer, unit.index) not in known
            ]
            order = torch.randperm(len(others), generator=generator)[:_NUM_RANDOM_UNITS]
            self._random += [others[each] for each in order.tolist()]

    def measure(
        self,
        model: Any,
        text: UnitText,
        properties: Sequence[Property],
        *,
        halves: Mapping[str, _Halves],
        max_tokens: int,
    ) -> list[Ablation | None]:
        """Return the effect of the best unit of each property."""
        units = list(dict.fromkeys([*self._best, *self._random]))
        nll = ablated_nll(
            model, self._states, token_ids=text.token_ids, units=units, max_tokens=max_tokens
        )
        middle = text.num_tokens // 2
        results: list[Ablation | None] = []
        for prop, unit in zip(properties, self._best, strict=True):
            values = halves[prop.name].values[middle : middle + nll.shape[1]]
            limit = 0.5 if prop.kind == "binary" else np.nanmean(halves[prop.name].values)
            matters = np.nan_to_num(values, nan=-np.inf) > limit
            rows = [1 + units.index(other) for other in self._random if other.layer == unit.layer]
            results.append(
                ablation_of(nll, matters, row=1 + units.index(unit), random_rows=rows)
                if matters.any() and rows
                else None
            )
        return results

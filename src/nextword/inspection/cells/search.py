"""The search for units that track properties of a text, with controls."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch

from nextword.inspection.cells.ablation import Ablation, ablated_nll, ablation_of
from nextword.inspection.cells.last_characters import (
    last_character_features,
    last_character_scores,
)
from nextword.inspection.cells.properties import Kind, Property
from nextword.inspection.cells.selection import (
    Halves,
    TrackedUnit,
    best_units,
    usable_properties,
)
from nextword.inspection.cells.states import Unit, UnitStates, require_states, unit_states
from nextword.inspection.cells.text import UnitText
from nextword.models import LanguageModel

_NUM_RANDOM_UNITS = 10


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
        ablations: What the model loses without each of `units`; empty where it was not measured.
    """

    name: str
    kind: Kind
    source: str
    mean: float
    units: tuple[TrackedUnit, ...]
    random_unit: float
    untrained: float | None
    last_characters: float
    ablations: tuple[Ablation, ...]

    @property
    def ablation(self) -> Ablation | None:
        """What the model loses without the best unit; None where it was not measured."""
        return self.ablations[0] if self.ablations else None

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
            "properties": [
                {
                    **asdict(each),
                    "ablation": None if each.ablation is None else asdict(each.ablation),
                }
                for each in self.properties
            ],
            "skipped": dict(self.skipped),
        }


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
        ablation_tokens: Number of tokens of the second half on which the loss without each of these
            units is measured; 0 to leave this out.
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
    halves, skipped = usable_properties(text, properties)
    chosen = [each for each in properties if each.name in halves]
    report("scoring the units")
    tracked, random_scores = best_units(states, chosen, halves=halves, num_units=num_units)
    controls: Sequence[float | None] = [None] * len(chosen)
    if untrained is not None:
        report("reading the text with an untrained network")
        other = unit_states(untrained, text.token_ids)
        found, _ = best_units(other, chosen, halves=halves, num_units=1)
        controls = [units[0].score for units in found]
    report("fitting the predictor from the last characters")
    last = _last_character_scores(text, chosen, halves=halves, seed=seed)
    ablations: Sequence[tuple[Ablation, ...]] = [()] * len(chosen)
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
                ablations=ablations[number],
            )
            for number, prop in enumerate(chosen)
        ),
        skipped=skipped,
    )


def _ignore(stage: str) -> None:
    """No-op progress callback."""


def _last_character_scores(
    text: UnitText, properties: Sequence[Property], *, halves: Mapping[str, Halves], seed: int
) -> list[float]:
    features = last_character_features(text.text)[text.ends - 1]
    targets = np.stack([halves[each.name].values for each in properties], axis=1)
    kinds = [each.kind for each in properties]
    num_fitted = text.num_tokens // 2
    scores = last_character_scores(features, targets, kinds=kinds, num_fitted=num_fitted, seed=seed)
    return [float(score) for score in scores]


class _Ablated:
    """The losses without the units of each property and without random units."""

    def __init__(
        self, states: UnitStates, *, tracked: Sequence[Sequence[TrackedUnit]], seed: int
    ) -> None:
        self._states = states
        self._tracked = [[each.unit for each in units] for units in tracked]
        self._all = list(dict.fromkeys(unit for units in self._tracked for unit in units))
        known = {(unit.layer, unit.index) for unit in self._all}
        generator = torch.Generator().manual_seed(seed)
        self._random: list[Unit] = []
        for layer in sorted({unit.layer for unit in self._all}):
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
        halves: Mapping[str, Halves],
        max_tokens: int,
    ) -> list[tuple[Ablation, ...]]:
        """Return the effect of each unit of each property."""
        units = list(dict.fromkeys([*self._all, *self._random]))
        nll = ablated_nll(
            model, self._states, token_ids=text.token_ids, units=units, max_tokens=max_tokens
        )
        rows = {unit: row for row, unit in enumerate(units, start=1)}
        middle = text.num_tokens // 2
        results: list[tuple[Ablation, ...]] = []
        for prop, tracked in zip(properties, self._tracked, strict=True):
            values = halves[prop.name].values[middle : middle + nll.shape[1]]
            limit = 0.5 if prop.kind == "binary" else np.nanmean(halves[prop.name].values)
            matters = np.nan_to_num(values, nan=-np.inf) > limit
            random_rows = {
                layer: [rows[other] for other in self._random if other.layer == layer]
                for layer in {unit.layer for unit in tracked}
            }
            is_measured = matters.any() and all(random_rows.values())
            results.append(
                tuple(
                    ablation_of(nll, matters, row=rows[unit], random_rows=random_rows[unit.layer])
                    for unit in tracked
                )
                if is_measured
                else ()
            )
        return results

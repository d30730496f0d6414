from dataclasses import replace

import numpy as np
import pytest
import torch

from fakes import network_spec, tokenizer_of
from nextword.base import DataError
from nextword.families import RecurrentConfig
from nextword.inspection.cells import (
    CellSearch,
    Property,
    Unit,
    UnitStates,
    UnitText,
    pattern_property,
    properties_of,
    read_unit_text,
    search_cells,
    unit_states,
)
from nextword.models import NeuralLanguageModel

generator = np.random.default_rng(0)
TEXT = "".join(generator.choice(list("ab(c)\n"), size=1200))
TOKENIZER = tokenizer_of(TEXT, kind="character")
UNIT = Unit(layer=1, part="cell_state", index=3)
POSITION = properties_of("text")[0]
DEPTH = pattern_property("letters", "[ab]")


def network(seed: int = 0) -> NeuralLanguageModel:
    torch.manual_seed(seed)
    spec = replace(network_spec(), vocabulary=TOKENIZER.vocabulary_spec)
    return RecurrentConfig(hidden_size=6).build(spec).eval()


def with_planted(text: UnitText, values: np.ndarray, **changed: np.ndarray) -> UnitStates:
    """The states of a network, with those of one unit replaced."""
    states = unit_states(network(), text.token_ids)
    planted = states.values.copy()
    planted[:, list(states.units).index(UNIT)] = values
    return replace(states, values=planted)


def searched(prop: Property, values: np.ndarray) -> CellSearch:
    text = read_unit_text(TEXT, TOKENIZER)
    return search_cells(
        network(),
        text,
        properties=[prop],
        states=with_planted(text, values),
        ablation_tokens=0,
    )


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("prop", [POSITION, DEPTH])
def test_planted_unit_is_found_in_both_directions(prop: Property, sign: float) -> None:
    values = read_unit_text(TEXT, TOKENIZER).values(prop)

    [found] = searched(prop, sign * values).properties

    assert found.best.unit == UNIT
    assert found.best.score == pytest.approx(1.0, abs=1e-6)
    assert found.best.is_rising is (sign > 0)
    assert found.random_unit < found.best.score
    assert found.ablation is None
    assert found.untrained is None


def test_unit_that_tracks_the_first_half_only_is_scored_on_the_second() -> None:
    values = read_unit_text(TEXT, TOKENIZER).values(DEPTH)
    values[600:] = 1.0 - values[600:]

    [found] = searched(DEPTH, values).properties

    assert found.best.unit == UNIT
    assert found.best.selection_score == 1.0
    assert found.best.score == 0.0


def test_all_controls_and_the_ablation_are_measured() -> None:
    stages: list[str] = []

    result = search_cells(
        network(),
        read_unit_text(TEXT, TOKENIZER),
        properties=[POSITION, DEPTH],
        untrained=network(seed=1),
        ablation_tokens=50,
        on_progress=stages.append,
    )

    assert len(stages) == 5
    assert result.num_units == 12
    for found in result.properties:
        assert len(found.units) == 3
        assert found.untrained is not None
        assert 0.0 <= found.untrained <= 1.0
        assert found.ablation is not None
        assert found.ablation.num_tokens <= 50
        assert found.ablation == found.ablations[0]
        assert len(found.ablations) == 3
        # The units of the properties are not among the random ones.
        assert 1 <= len(found.ablation.random_effects) <= 3


def test_property_that_hardly_varies_is_skipped_with_the_reason() -> None:
    rare = pattern_property("rare", r"\A.{5}")
    text = read_unit_text(TEXT, TOKENIZER)

    result = search_cells(network(), text, properties=[rare, DEPTH], ablation_tokens=0)

    assert [found.name for found in result.properties] == ["letters"]
    assert "tokens of the first half, fewer than 20" in result.skipped["rare"]


def test_text_that_is_too_short_is_refused() -> None:
    text = read_unit_text("ab(c)\n", TOKENIZER)

    with pytest.raises(DataError, match=r"too short: no property varies .* its 6 tokens"):
        search_cells(network(), text, properties=[DEPTH, POSITION])


def test_tokens_without_a_value_are_left_out() -> None:
    def undefined_at_start(text: str) -> np.ndarray:
        values = DEPTH.of(text)
        values[:100] = np.nan
        return values

    prop = Property(name="late", kind="binary", values=undefined_at_start)
    values = read_unit_text(TEXT, TOKENIZER).values(DEPTH)
    values[:100] = 0.5

    [found] = searched(prop, values).properties

    assert found.best.score == 1.0


def test_to_dict_has_units_and_controls() -> None:
    values = searched(DEPTH, read_unit_text(TEXT, TOKENIZER).values(DEPTH)).to_dict()

    assert values["num_tokens"] == 1200
    assert values["properties"][0]["units"][0]["unit"]["index"] == 3

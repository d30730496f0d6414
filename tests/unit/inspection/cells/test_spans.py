from dataclasses import replace

import numpy as np
import pytest
import torch

from fakes import network_spec, tokenizer_of
from nextword.base import ConfigError, DataError
from nextword.families import RecurrentConfig
from nextword.inspection.cells import (
    UnitStates,
    UnitText,
    find_span,
    match_span,
    read_unit_text,
    unit_states,
)

SENTENCE = "a dog ran. a cat sat. a dog sat.\n"
TOKENIZER = tokenizer_of(SENTENCE, kind="character")


def text() -> UnitText:
    return read_unit_text(SENTENCE, TOKENIZER)


def planted() -> UnitStates:
    """Hidden units that are off, except one that is on in each word of three letters' animal."""
    torch.manual_seed(0)
    spec = replace(network_spec(), vocabulary=TOKENIZER.vocabulary_spec)
    states = unit_states(RecurrentConfig(hidden_size=4).build(spec).eval(), text().token_ids)
    values = np.zeros_like(states.values)
    for word in ("dog", "cat"):
        start = 0
        while (start := SENTENCE.find(word, start)) >= 0:
            values[start : start + 3, 1] = -0.9
            start += 3
    values[:, 2] = 0.9
    return replace(states, values=values)


def test_find_span_by_text_and_by_characters() -> None:
    assert find_span(text(), "cat") == (13, 16)
    assert find_span(text(), "2:5") == (2, 5)


@pytest.mark.parametrize("span", ["5:5", "2:99", "bird", ""])
def test_find_span_outside_the_text_is_refused(span: str) -> None:
    with pytest.raises(ConfigError, match="33 characters that are read"):
        find_span(text(), span)


def test_match_span_finds_the_other_spans_where_the_unit_is_on() -> None:
    found = match_span(text(), planted(), start=2, end=5)

    assert [(unit.index, is_positive) for unit, is_positive in found.units] == [(1, False)]
    assert [match.text for match in found.matches] == ["cat", "dog"]
    assert found.matches[0].before.endswith("a ")
    assert found.matches[0].after.startswith(" sat")
    assert found.to_dict()["units"][0]["is_positive"] is False


def test_match_span_without_a_unit_is_refused() -> None:
    with pytest.raises(DataError, match="no unit is on throughout the span 'ran'"):
        match_span(text(), planted(), start=6, end=9)


def test_match_span_without_the_part_is_refused() -> None:
    with pytest.raises(ConfigError, match="no part 'memory'"):
        match_span(text(), planted(), start=2, end=5, part="memory")

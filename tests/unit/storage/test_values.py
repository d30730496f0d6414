import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.base import CheckpointError, FormatError
from nextword.storage.values import parse_values, render_values

KEYS = st.text().filter(lambda key: not key.startswith("$"))
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
NESTED = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(KEYS, NESTED, max_size=3))
def test_values_round_trip_is_identity(values: dict[str, Any]) -> None:
    assert parse_values(render_values(values), source="values.json") == values


def test_values_nan_survives() -> None:
    returned = parse_values(render_values({"loss": [math.nan]}), source="values.json")

    assert math.isnan(returned["loss"][0])


def test_values_lone_surrogate_survives() -> None:
    values = {"text": "\udcff"}

    assert parse_values(render_values(values), source="values.json") == values


def test_values_negative_zero_keeps_its_sign() -> None:
    returned = parse_values(render_values({"zero": -0.0}), source="values.json")

    assert math.copysign(1.0, returned["zero"]) == -1.0


def test_values_tuple_comes_back_as_list() -> None:
    assert parse_values(render_values({"pair": (1, 2)}), source="values.json") == {"pair": [1, 2]}


def test_render_values_infinity_is_plain_json() -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    decoded = json.loads(render_values({"best": -math.inf}), parse_constant=refuse)

    assert decoded == {"best": {"$float": "-inf"}}


def test_render_values_object_names_its_place() -> None:
    with pytest.raises(CheckpointError, match=r"optimizer\.groups\[1\] is a object; only JSON"):
        render_values({"optimizer": {"groups": [1, object()]}})


@pytest.mark.parametrize("key", [1, "$float", "$"])
def test_render_values_odd_key_refuses(key: Any) -> None:
    with pytest.raises(CheckpointError, match="cannot be saved; keys must be strings"):
        render_values({"inner": {key: 1}})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff{}",
        b'{"loss": NaN}',
        b'{"loss": {"$float": "1"}}',
        b'{"loss": {"$float": "nan", "more": 1}}',
        b'{"loss": {"$float": []}}',
        b'{"deep": ' + b"[" * 100_000,
    ],
)
def test_parse_values_bad_json_names_the_file(content: bytes) -> None:
    with pytest.raises(FormatError, match=r"folder/values\.json is not valid JSON"):
        parse_values(content, source="folder/values.json")


def test_parse_values_list_refuses() -> None:
    with pytest.raises(FormatError, match="contains a list, not a JSON object"):
        parse_values(b"[]", source="values.json")

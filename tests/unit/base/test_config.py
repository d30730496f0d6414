import math
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.base import (
    ConfigError,
    PositiveFloat,
    decode,
    encode,
    merge,
    parse_override,
    read_toml,
    require,
    settings,
    write_toml,
)


@settings("clipping")
@dataclass(frozen=True, kw_only=True)
class Inner:
    kind: Literal["norm", "value"] = "norm"
    threshold: PositiveFloat = 0.25


@settings()
@dataclass(frozen=True, kw_only=True)
class Outer:
    name: str
    hidden_size: int = 200
    embedding_size: int | None = None
    tied: bool = True
    clipping: Inner = field(default_factory=Inner)
    optional: Inner | None = None


names = st.text(min_size=1, max_size=6)
scalars = st.one_of(
    st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.text(max_size=8)
)
nested = st.recursive(
    st.dictionaries(names, scalars | st.lists(scalars, max_size=3), max_size=4),
    lambda inner: st.dictionaries(names, inner | scalars, max_size=3),
    max_leaves=8,
)


def test_decode_nested_values_builds_the_dataclasses() -> None:
    values = {"name": "a", "hidden_size": 7, "clipping": {"kind": "value", "threshold": 2}}

    config = decode(Outer, values, source="config.toml")

    assert config == Outer(name="a", hidden_size=7, clipping=Inner(kind="value", threshold=2.0))


def test_decode_missing_optional_values_takes_the_defaults() -> None:
    assert decode(Outer, {"name": "a"}, source="config.toml") == Outer(name="a")


def test_decode_unknown_key_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"config\.toml: unknown setting 'hiden_size'") as caught:
        decode(Outer, {"name": "a", "hiden_size": 3}, source="config.toml")

    assert caught.value.help == "Did you mean 'hidden_size'?"


def test_decode_unknown_nested_key_gives_its_path_and_the_nearest_there() -> None:
    with pytest.raises(ConfigError, match=r"unknown setting 'clipping\.treshold'") as caught:
        decode(Outer, {"name": "a", "clipping": {"treshold": 1.0}}, source="config.toml")

    assert caught.value.help == "Did you mean 'clipping.threshold'?"


def test_decode_unknown_key_in_an_optional_section_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"unknown setting 'optional\..*kindd'") as caught:
        decode(Outer, {"name": "a", "optional": {"kindd": "norm"}}, source="config.toml")

    assert caught.value.help == "Did you mean 'optional.kind'?"


def test_decode_unknown_key_that_another_section_has_names_that_section() -> None:
    with pytest.raises(ConfigError, match="unknown setting 'threshold'") as caught:
        decode(Outer, {"name": "a", "threshold": 1.0}, source="config.toml")

    assert caught.value.help == "Did you mean 'clipping.threshold'?"


def test_decode_missing_key_is_named() -> None:
    with pytest.raises(ConfigError, match=r"config\.toml: the setting 'name' is missing"):
        decode(Outer, {}, source="config.toml")


@pytest.mark.parametrize(
    "values",
    [{"hidden_size": "wide"}, {"hidden_size": 3.5}, {"tied": "perhaps"}, {"embedding_size": []}],
    ids=["text", "fraction", "truth", "list"],
)
def test_decode_wrong_type_names_key_and_value(values: dict[str, Any]) -> None:
    ((key, value),) = values.items()

    with pytest.raises(ConfigError, match=rf"recipe x: {key} is ") as caught:
        decode(Outer, {"name": "a", **values}, source="recipe x")

    assert repr(value) in caught.value.message
    assert "must be" in caught.value.message
    assert f"for example {key}=" in caught.value.help


def test_decode_unknown_choice_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"clipping\.kind is 'norn'") as caught:
        decode(Outer, {"name": "a", "clipping": {"kind": "norn"}}, source="config.toml")

    assert caught.value.help == "Did you mean 'norm'?"


def test_decode_out_of_range_says_the_limit_and_the_path() -> None:
    with pytest.raises(
        ConfigError, match=r"config\.toml: clipping\.threshold is 0\.0; it must be above 0\."
    ):
        decode(Outer, {"name": "a", "clipping": {"threshold": 0.0}}, source="config.toml")


@pytest.mark.parametrize("value", [math.inf, math.nan])
def test_decode_number_that_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(ConfigError, match=r"clipping\.threshold is (inf|nan)"):
        decode(Outer, {"name": "a", "clipping": {"threshold": value}}, source="config.toml")


@given(
    st.builds(
        Outer,
        name=st.text(max_size=5),
        hidden_size=st.integers(-(2**63) + 1, 2**63 - 1),
        tied=st.booleans(),
    )
)
def test_encode_then_toml_then_decode_gives_the_config_back(config: Outer) -> None:
    text = write_toml(encode(config))

    assert decode(Outer, read_toml(text, source="test"), source="test") == config


@given(nested)
def test_write_toml_then_read_toml_gives_the_values_back(values: dict[str, Any]) -> None:
    assert read_toml(write_toml(values), source="test") == values


def test_write_toml_none_is_left_out_at_every_depth() -> None:
    values = {"a": None, "b": {"c": None, "d": 1}, "e": [{"f": None, "g": 2}]}

    assert read_toml(write_toml(values), source="test") == {"b": {"d": 1}, "e": [{"g": 2}]}


def test_read_toml_broken_text_names_its_source() -> None:
    with pytest.raises(ConfigError, match=r"my\.toml is not valid TOML: .*line 2"):
        read_toml("a = 1\nb c\n", source="my.toml")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a.b=3", 3),
        ("a.b = 3.5", 3.5),
        ("a.b=true", True),
        ("a.b=[1, 2]", [1, 2]),
        ("a.b='3'", "3"),
        ("a.b=lstm", "lstm"),
        ("a.b=x=y", "x=y"),
        ("a.b=''", ""),
        ("a.b=", None),
        ("a.b= ", None),
    ],
)
def test_parse_override_value_is_toml_or_text(text: str, value: object) -> None:
    assert parse_override(text) == {"a": {"b": value}}


def test_parse_override_without_section_gives_one_level() -> None:
    assert parse_override("seed=3") == {"seed": 3}


@pytest.mark.parametrize("text", ["model.hidden_size", "=3", "model.=3", ".x=3", ""])
def test_parse_override_malformed_text_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"is not of the form section\.key=value") as caught:
        parse_override(text)

    assert "--set model.hidden_size=200" in caught.value.help


def test_merge_later_layer_wins_key_by_key() -> None:
    first = {"model": {"cell": "lstm", "tied": True}, "seed": 1}
    second = {"model": {"tied": False}, "training": {"epochs": 2}}

    merged = merge(first, second)

    assert merged == {
        "model": {"cell": "lstm", "tied": False},
        "seed": 1,
        "training": {"epochs": 2},
    }
    assert first == {"model": {"cell": "lstm", "tied": True}, "seed": 1}


def test_merge_none_takes_back_what_layers_below_say_and_no_more() -> None:
    recipe = {"output": {"kind": "adaptive", "cutoffs": [1000], "narrowing": 1}}

    merged = merge(recipe, {"output": {"cutoffs": None, "never": None}, "seed": None})

    assert merged == {"output": {"kind": "adaptive", "narrowing": 1}}
    assert merge(merged, {"output": {"cutoffs": [10]}})["output"]["cutoffs"] == [10]


def test_merge_section_over_value_and_back_replaces_it() -> None:
    assert merge({"a": 1}, {"a": {"b": 2}}) == {"a": {"b": 2}}
    assert merge({"a": {"b": 2}}, {"a": 1}) == {"a": 1}


@given(nested, nested, nested)
def test_merge_is_associative(a: Any, b: Any, c: Any) -> None:
    assert merge(merge(a, b), c) == merge(a, b, c)


@given(nested)
def test_merge_with_itself_or_nothing_changes_nothing(values: dict[str, Any]) -> None:
    assert merge(values, values) == merge({}, values) == merge(values, {}) == values


def test_require_false_raises_with_help() -> None:
    with pytest.raises(ConfigError, match="sizes differ") as caught:
        require(False, "sizes differ", help="Set them equal.")

    assert caught.value.help == "Set them equal."


def test_require_true_passes() -> None:
    require(True, "never said")

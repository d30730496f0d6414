import dataclasses
import inspect
import typing
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import pydantic
import pytest

from nextword.base import ConfigError, PositiveInt, decode, settings


@settings("inner")
@dataclass(frozen=True, kw_only=True)
class Inner:
    num_layers: PositiveInt = 2
    beta1: Annotated[float, pydantic.Field(ge=0, lt=1)] = 0.9
    sizes: tuple[PositiveInt, ...] = ()
    closed: Literal["auto"] | bool = "auto"
    scale: float = 1.0
    even: Annotated[int, pydantic.Field(multiple_of=2)] = 2

    def __post_init__(self) -> None:
        if self.num_layers == 7:
            raise ConfigError("num_layers is 7, which is unlucky.", help="Set 8.")
        if self.num_layers == 13:
            raise ValueError("inner.num_layers is 13, which is unlucky.")
        if self.num_layers == 17:
            raise ConfigError("there is no such model.")


@settings()
@dataclass(frozen=True, kw_only=True)
class Outer:
    name: str
    inner: Inner = field(default_factory=Inner)


#: Values of `inner`, with the message that names the whole path.
WRONG = [
    ({"num_layers": 0}, "inner.num_layers is 0; it must be at least 1."),
    ({"num_layers": "x"}, "inner.num_layers is 'x'; it must be a whole number."),
    ({"beta1": 1.0}, "inner.beta1 is 1.0; it must be at least 0 and below 1."),
    ({"sizes": (3, 0)}, "inner.sizes[1] is 0; it must be at least 1."),
    ({"closed": "maybe"}, "inner.closed is 'maybe', which is unknown."),
    ({"even": 3}, "inner.even is 3: input should be a multiple of 2."),
    ({"num_layers": 7}, "inner.num_layers is 7, which is unlucky."),
    ({"num_layers": 13}, "inner.num_layers is 13, which is unlucky."),
    ({"num_layers": 17}, "there is no such model."),
    ({"num_layer": 1}, "unknown setting 'inner.num_layer'."),
    ({"beta1": 1e39}, "inner.beta1 is 1e+39; it must be at least 0 and below 1."),
    ({"scale": 1e39}, "inner.scale is 1e+39; it must be at most 3.4e38."),
    ({"even": 2**63}, f"inner.even is {2**63}; it must be at most 9,223,372,036,854,775,807."),
    (
        {"even": -(2**5000)},
        "inner.even is a number of 5001 bits; it must be at least -9,223,372,036,854,775,807.",
    ),
]
each_wrong = pytest.mark.parametrize(("values", "message"), WRONG, ids=range(len(WRONG)))


@each_wrong
def test_settings_called_with_a_wrong_value_names_the_whole_path(
    values: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        Inner(**values)

    assert caught.value.message == message


@each_wrong
def test_settings_decoded_with_a_wrong_value_names_source_and_path(
    values: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        decode(Outer, {"name": "a", "inner": values}, source="a.toml")

    assert caught.value.message == f"a.toml: {message}"


def test_settings_unknown_choice_suggests_all_choices() -> None:
    with pytest.raises(ConfigError) as caught:
        Inner(closed=typing.cast("bool", 3))

    assert caught.value.help == "Known: auto, false, true."


def test_settings_called_without_a_required_value_names_it() -> None:
    with pytest.raises(ConfigError, match="the setting 'name' is missing"):
        Outer()  # type: ignore[call-arg]


def test_settings_called_with_a_section_keeps_the_instance() -> None:
    inner = Inner(num_layers=3)

    assert Outer(name="a", inner=inner).inner is inner


def test_settings_converts_values_as_annotated() -> None:
    config = Inner(beta1=0, sizes=typing.cast("tuple[int, ...]", [1, 2]))

    assert (type(config.beta1), config.sizes) == (float, (1, 2))


def test_settings_replaced_values_are_checked() -> None:
    with pytest.raises(ConfigError, match=r"inner\.num_layers is -1"):
        dataclasses.replace(Inner(), num_layers=-1)


def test_settings_class_stays_a_frozen_keyword_only_dataclass() -> None:
    parameters = inspect.signature(Inner).parameters.values()

    assert {each.kind for each in parameters} == {inspect.Parameter.KEYWORD_ONLY}
    assert Inner() == Inner(num_layers=2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        Inner().num_layers = 3  # type: ignore[misc]

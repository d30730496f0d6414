from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, get_type_hints

import pytest

from nextword.base import ConfigError, OneOf, Registry, decode, parts, settings


@settings("figure")
@dataclass(frozen=True, kw_only=True)
class Circle:
    shape: Literal["circle"] = "circle"
    radius: int = 1


@settings("figure")
@dataclass(frozen=True, kw_only=True)
class Square:
    shape: Literal["square"] = "square"
    side: int = 1


@settings("figure")
@dataclass(frozen=True, kw_only=True)
class Line:
    shape: Literal["line"] = "line"
    length: int = 1


KINDS: Registry[type] = Registry(
    {"circle": Circle, "square": Square}, setting="figure.shape", register="KINDS.add"
)


@settings()
@dataclass(frozen=True, kw_only=True)
class Drawing:
    figure: Annotated[Circle | Square | Line, OneOf(KINDS, key="shape", default="circle")] = field(
        default_factory=Circle
    )
    colour: Annotated[str, "a note"] = "red"


def drawn(**figure: Any) -> Drawing:
    return decode(Drawing, {"figure": figure}, source="d.toml")


def test_one_of_key_says_which() -> None:
    assert drawn(shape="square", side=3).figure == Square(side=3)


def test_one_of_without_key_takes_the_default() -> None:
    assert drawn(radius=3).figure == Circle(radius=3)


def test_one_of_kinds_may_join_later(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"d\.toml: figure\.shape is 'line'"):
        drawn(shape="line")

    monkeypatch.setattr(KINDS, "_values", dict(KINDS))
    KINDS.add("line", Line)

    assert drawn(shape="line", length=3).figure == Line(length=3)


@pytest.mark.parametrize(
    ("figure", "message", "help"),
    [
        ({"shape": "squar"}, r"figure\.shape is 'squar'", "Did you mean 'square'?"),
        ({"radios": 1}, r"unknown setting 'figure\.radios'", "Did you mean 'figure.radius'?"),
        ({"shape": "square", "side": "x"}, r"figure\.side is 'x'; it must be a whole number", ""),
    ],
)
def test_one_of_bad_values_are_refused_with_their_path(
    figure: dict[str, Any], message: str, help: str
) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        drawn(**figure)

    assert help in caught.value.help


def test_one_of_that_is_no_table_is_refused() -> None:
    with pytest.raises(ConfigError, match="figure is 3"):
        decode(Drawing, {"figure": 3}, source="d.toml")


def test_parts_of_an_annotation_include_the_classes_of_one_of() -> None:
    hints = get_type_hints(Drawing, include_extras=True)

    assert {Circle, Square} <= {part for part in parts(hints["figure"]) if isinstance(part, type)}
    assert list(parts(hints["colour"]))[1:] == [str, "a note"]

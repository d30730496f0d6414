import math
from typing import Annotated, Any

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.base import ConfigError, PositiveFloat, Probability, describe_range, require_range


@pytest.mark.parametrize(
    ("value", "limits", "wanted"),
    [
        (0, {"low": 1}, "at least 1"),
        (-0.5, {"low": 0.0, "high": 1.0}, "at least 0 and at most 1"),
        (1001, {"low": 1, "high": 1000}, "at least 1 and at most 1,000"),
        (math.nan, {"low": 0.0, "high": 1.0}, "at least 0 and at most 1"),
    ],
)
def test_require_range_outside_says_value_and_limits(
    value: float, limits: dict[str, Any], wanted: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        require_range("share", value, **limits)

    assert caught.value.message == f"share is {value!r}; it must be {wanted}."


@given(st.floats(0.0, 1.0))
def test_require_range_inside_passes(value: float) -> None:
    require_range("share", value, low=0.0, high=1.0)


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (PositiveFloat, "above 0"),
        (Probability | None, "at least 0 and at most 1"),
        (tuple[Probability, ...], "at least 0 and at most 1"),
        (pydantic.PositiveInt, "above 0"),
        (pydantic.conint(ge=2, lt=5_000), "at least 2 and below 5,000"),
        (Annotated[float, pydantic.Field(le=0.99999)], "at most 0.99999"),
        (int | None, ""),
    ],
    ids=str,
)
def test_describe_range_of_any_annotation_names_its_limits(annotation: Any, expected: str) -> None:
    assert describe_range(annotation) == expected

"""Ranges of numbers: as annotations of settings, which pydantic checks, and for arguments."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import Field

from nextword.base.errors import ConfigError

PositiveInt = Annotated[int, Field(ge=1)]
NonNegativeInt = Annotated[int, Field(ge=0)]
PositiveFloat = Annotated[float, Field(gt=0)]
NonNegativeFloat = Annotated[float, Field(ge=0)]
#: A probability or a share of a whole.
Probability = Annotated[float, Field(ge=0, le=1)]
PositiveProbability = Annotated[float, Field(gt=0, le=1)]
#: Decay of a running mean; with 1 the mean would never change.
Decay = Annotated[float, Field(ge=0, le=0.99999)]

_PHRASES = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most"}


def describe_range(limits: Iterable[Any]) -> str:
    """Return in words the limits that annotations hold, such as `Field(...).metadata`.

    Example:
        >>> describe_range(Field(ge=1, le=1000.0).metadata)
        'at least 1 and at most 1,000'
    """
    found = [(name, getattr(limit, name, None)) for limit in limits for name in _PHRASES]
    return " and ".join(f"{_PHRASES[name]} {_number(at)}" for name, at in found if at is not None)


def require_range(name: str, value: float | None, *, low: float, high: float | None = None) -> None:
    """Raise ConfigError unless `low <= value <= high`; None is in every range, and no limit."""
    if value is not None and not (low <= value and (high is None or value <= high)):
        limits = describe_range(Field(ge=low, le=high).metadata)
        raise ConfigError(f"{name} is {value!r}; it must be {limits}.", setting=name)


def _number(value: float) -> str:
    return f"{int(value):,}" if value == int(value) else str(value)

"""Ranges of numbers: as annotations of settings, which pydantic checks, and for arguments."""

from numbers import Integral, Real
from typing import Annotated, Any

from pydantic import Field

from nextword.base.errors import ConfigError
from nextword.base.one_of import parts

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


def describe_range(annotation: Any) -> str:
    """Return the range of the numbers that an annotation allows, in words; empty without one.

    Example:
        >>> describe_range(PositiveInt | None), describe_range(Field(ge=0.5, le=1000))
        ('at least 1', 'at least 0.5 and at most 1,000')
    """
    checks = [each for part in parts(annotation) for each in (part, *getattr(part, "metadata", ()))]
    found = [(name, getattr(check, name, None)) for check in checks for name in _PHRASES]
    return " and ".join(f"{_PHRASES[name]} {_shown(at)}" for name, at in found if at is not None)


def _shown(limit: float) -> str:
    return f"{limit:,}" if isinstance(limit, int) else f"{limit:,.15g}"


def require_range(name: str, value: float | None, *, low: float, high: float | None = None) -> None:
    """Raise ConfigError unless `low <= value <= high`; None is in every range, and no limit."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ConfigError(f"{name} is {value!r}; a number is expected.", setting=name)
    if not (low <= value and (high is None or value <= high)):
        limits = describe_range(Field(ge=low, le=high))
        raise ConfigError(f"{name} is {value!r}; it must be {limits}.", setting=name)


def require_count(name: str, value: object, *, low: int = 0) -> None:
    """Raise ConfigError unless a value is a whole number of at least `low`.

    Example:
        >>> require_count("k", 5, low=1)
    """
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise ConfigError(f"{name} is {value!r}; a whole number is expected.", setting=name)
    require_range(name, int(value), low=low)

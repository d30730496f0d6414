"""Values that JSON can represent, which has no NaN and no infinity."""

import math
from collections.abc import Mapping
from typing import Any


def with_nulls(value: Any) -> Any:
    """Return nested values with None in place of every number that is not finite.

    Example:
        >>> with_nulls({"loss": math.inf, "steps": (1, 2)})
        {'loss': None, 'steps': [1, 2]}
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: with_nulls(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [with_nulls(item) for item in value]
    return value

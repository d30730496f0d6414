"""Layers of settings that know where they came from: a recipe, a file, an option.

Later layers win; an error about a setting names the layer that set it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from nextword.base.toml import Values


class Layer(dict[str, Any]):
    """Nested values with the name of where they came from.

    Args:
        values: The values.
        source: A recipe, file or option, as a person would name it.
    """

    def __init__(self, values: Mapping[str, Any], *, source: str) -> None:
        super().__init__(values)
        self.source = source


def merge(*layers: Mapping[str, Any]) -> Values:
    """Lay nested values over each other; later layers win key by key, and None takes a key out.

    Example:
        >>> merge({"model": {"cell": "lstm", "tied": True}}, {"model": {"tied": False}})
        {'model': {'cell': 'lstm', 'tied': False}}
        >>> merge({"output": {"kind": "adaptive", "narrowing": 2}}, {"output": {"narrowing": None}})
        {'output': {'kind': 'adaptive'}}
    """
    merged: Values = {}
    for layer in layers:
        for key, value in layer.items():
            below = merged.get(key)
            if isinstance(value, Mapping):
                merged[key] = merge(below if isinstance(below, Mapping) else {}, value)
            elif value is None:
                merged.pop(key, None)
            else:
                merged[key] = value
    return merged


def source_of(path: Sequence[str], layers: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the source of the last layer that sets a setting; None where no named layer does.

    Example:
        >>> low = Layer({"model": {"cell": "gru"}}, source="recipe gru")
        >>> high = Layer({"model": {"tied": True}}, source="--set")
        >>> source_of(["model", "cell"], [low, high])
        'recipe gru'
    """
    for layer in reversed(layers):
        if _holds(layer, path):
            return layer.source if isinstance(layer, Layer) else None
    return None


def _holds(values: Any, path: Sequence[str]) -> bool:
    """Tell whether nested values have a key; a value in the place of a table has all below it."""
    for key in path:
        if not isinstance(values, Mapping):
            return True
        if key not in values:
            return False
        values = values[key]
    return True

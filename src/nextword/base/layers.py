"""Layers of settings, each with its source: a recipe, a file, an option. Later layers win."""

from collections.abc import Mapping, Sequence
from typing import Any

from nextword.base.errors import ConfigError
from nextword.base.toml import Values


class Layer(dict[str, Any]):
    """Nested values with the name of their source.

    Args:
        values: The values.
        source: The recipe, file or option that they come from, for error messages.
    """

    def __init__(self, values: Mapping[str, Any], *, source: str) -> None:
        super().__init__(values)
        self.source = source


def merge(*layers: Mapping[str, Any]) -> Values:
    """Merge nested values; later layers win key by key, and None removes a key.

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


def nested(settings: Mapping[str, object]) -> Mapping[str, object]:
    """Return settings whose dotted keys are split into sections.

    Args:
        settings: Nested values, values with dotted keys, or both.

    Raises:
        ConfigError: A setting is given twice.

    Example:
        >>> nested({"model.cell": "gru", "model": {"num_layers": 2}})
        {'model': {'cell': 'gru', 'num_layers': 2}}
    """
    if not any("." in str(key) for key in settings):
        return settings
    found: Values = {}
    for name, value in settings.items():
        section, _, key = str(name).partition(".")
        values = {key: value} if key else value
        held = found.get(section)
        if isinstance(held, dict) and isinstance(values, Mapping):
            twice = held.keys() & values.keys()
            if twice:
                raise ConfigError(f"{section}.{min(twice)} is given twice in the settings.")
            found[section] = held | dict(values)
        else:
            found[section] = dict(values) if isinstance(values, Mapping) else values
    return found


def source_of(path: Sequence[str], layers: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the source of the last layer that contains a setting; None if no `Layer` does.

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
    """Return whether nested values contain a path; a value in place of a table contains it."""
    for key in path:
        if not isinstance(values, Mapping):
            return True
        if key not in values:
            return False
        values = values[key]
    return True

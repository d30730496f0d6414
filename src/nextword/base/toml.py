"""TOML and `section.key=value`: read into nested values, and written. Knows no settings."""

import tomllib
import typing
from collections.abc import Mapping
from typing import Any

import tomli_w

from nextword.base.errors import ConfigError
from nextword.base.paths import shortened

Values = dict[str, Any]

#: Keys, lists and tables inside each other that values may have; settings have three.
MAX_DEPTH = 16

_OPENING, _CLOSING = "[{", "]}"


def read_toml(text: str, *, source: str) -> Values:
    """Parse TOML.

    Args:
        text: The content of a file.
        source: The file or recipe, for the error message.

    Raises:
        ConfigError: It is not valid, or nested too deeply.
    """
    try:
        values = tomllib.loads(text)
    except RecursionError as error:
        raise _too_deep(f"{source}, line {_deep_line(text)},") from error
    except ValueError as error:
        raise ConfigError(f"{source} is not valid TOML: {error}.") from error
    if _is_deep(values):
        raise _too_deep(source)
    return values


def write_toml(values: Mapping[str, Any]) -> str:
    """Return nested values as TOML; keys whose value is None are left out."""
    return tomli_w.dumps(_without_none(values))


def parse_override(text: str) -> Values:
    """Turn `section.key=value` into nested values; the value is read as TOML, else kept as text.

    Nothing after the sign is None, with which `merge` takes a setting back.

    Example:
        >>> parse_override("model.hidden_size=200")
        {'model': {'hidden_size': 200}}
        >>> parse_override("model.cell=lstm")
        {'model': {'cell': 'lstm'}}
        >>> parse_override("output.cutoffs=")
        {'output': {'cutoffs': None}}
    """
    path, separator, raw = text.partition("=")
    keys = path.strip().split(".")
    if not separator or not all(keys):
        raise ConfigError(
            f"--set {shortened(text)} is not of the form section.key=value.",
            help="Write for example --set model.hidden_size=200.",
        )
    if len(keys) > MAX_DEPTH:
        raise _too_deep(f"--set {shortened(path)}")
    value: Any = _toml_value(raw.strip(), setting=path.strip()) if raw.strip() else None
    for key in reversed(keys):
        value = {key: value}
    return typing.cast("Values", value)


def _toml_value(raw: str, *, setting: str) -> Any:
    try:
        value = tomllib.loads(f"value = {raw}")["value"]
    except RecursionError as error:
        raise _too_deep(f"the value of --set {setting}") from error
    except ValueError:
        # No TOML, or a number of more digits than Python reads: it is refused as text.
        return raw
    if _is_deep(value):
        raise _too_deep(f"the value of --set {setting}")
    return value


def _is_deep(value: Any) -> bool:
    """Tell whether values are nested beyond the limit; without recursion, whatever their depth."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _inside(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return list(value) if isinstance(value, list | tuple) else []


def _deep_line(text: str) -> int:
    """Return the line in which brackets are first nested beyond the limit; text counts as well."""
    depth, line = 0, 1
    for character in text:
        line += character == "\n"
        depth += (character in _OPENING) - (character in _CLOSING)
        if depth > MAX_DEPTH:
            break
    return line


def _too_deep(place: str) -> ConfigError:
    return ConfigError(
        f"{place} is nested deeper than the {MAX_DEPTH} levels that settings may have.",
        help="A setting is section.key=value; a value is a number, true or false, text, or a list.",
    )


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_without_none(item) for item in value]
    return value

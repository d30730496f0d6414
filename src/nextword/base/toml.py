"""Reading and writing of nested values as TOML, and as `section.key=value`."""

import tomllib
import typing
from collections.abc import Mapping
from typing import Any

import tomli_w

from nextword.base.errors import ConfigError
from nextword.base.paths import shortened

Values = dict[str, Any]

#: Maximum depth of nested tables and lists; settings need three levels.
MAX_DEPTH = 16

_OPENING, _CLOSING = "[{", "]}"


def read_toml(text: str, *, source: str) -> Values:
    """Parse TOML.

    Args:
        text: Content of a file.
        source: The file or recipe, for the error message.

    Raises:
        ConfigError: It is not valid TOML, or nested too deeply.
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
    """Parse `section.key=value` into nested values; a value that is not TOML is text.

    An empty value is None, with which `merge` removes the setting.

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
        # Not TOML, or a number with more digits than Python reads: it stays text.
        return raw
    if _is_deep(value):
        raise _too_deep(f"the value of --set {setting}")
    return value


def _is_deep(value: Any, *, levels: int = MAX_DEPTH) -> bool:
    """Return whether values are nested deeper than a number of levels."""
    inside = value.values() if isinstance(value, Mapping) else value
    is_nested = isinstance(value, Mapping | list | tuple)
    return levels == 0 or (is_nested and any(_is_deep(each, levels=levels - 1) for each in inside))


def _deep_line(text: str) -> int:
    """Return the line in which brackets are first nested too deeply; those in text count too."""
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

"""Configurations as frozen dataclasses: from TOML or JSON, from `section.key=value`, and back.

Precedence is the caller's business: merge the nested dictionaries in order with `merge`, then
`decode` once. Every refusal names the path to the key and the nearest known one.
"""

import dataclasses
import math
import tomllib
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

import tomli_w
from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

from nextword.base.errors import ConfigError
from nextword.base.one_of import setting_types
from nextword.base.suggestions import did_you_mean, nearest_name

Values = dict[str, Any]

#: What a value must be, by the first word of pydantic's name for the refusal; and an example.
_WANTED = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "text",
    "tuple": "a list",
}
_EXAMPLES = {
    "a whole number": "3",
    "a number": "0.5",
    "true or false": "true",
    "text": "some-text",
    "a list": '["a", "b"]',
}


Config = TypeVar("Config")

#: Put on every configuration class: unknown keys are refused, "3.5" is no integer.
STRICT = with_config(ConfigDict(extra="forbid", strict=False, allow_inf_nan=False))


def read_toml(text: str, *, source: str) -> Values:
    """Parse TOML; `source` names the file or recipe in the error."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{source} is not valid TOML: {error}.") from error


def write_toml(values: Mapping[str, Any]) -> str:
    """Render nested values as TOML; keys whose value is None are left out."""
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
            f"--set {text!r} is not of the form section.key=value.",
            help="Write for example --set model.hidden_size=200.",
        )
    value: Any = _toml_value(raw.strip()) if raw.strip() else None
    for key in reversed(keys):
        value = {key: value}
    return typing.cast("Values", value)


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


def decode(kind: type[Config], values: Mapping[str, Any], *, source: str) -> Config:
    """Build a configuration from nested values.

    Args:
        kind: A frozen dataclass decorated with `STRICT`.
        values: Nested dictionaries as TOML or JSON gives them.
        source: Where they came from, for the error message.

    Raises:
        ConfigError: A key is unknown (the nearest one is suggested), missing, of the wrong type,
            or out of range.
    """
    try:
        return TypeAdapter(kind).validate_python(dict(values))
    except ConfigError as error:
        raise ConfigError(f"{source}: {error.message}", help=error.help) from error
    except ValidationError as error:
        raise _config_error(kind, error, source) from error


def encode(config: Any) -> Values:
    """Give a configuration back as nested values that `decode` accepts."""
    return dataclasses.asdict(config)


def require(condition: bool, message: str, *, help: str = "") -> None:
    """Raise ConfigError with this message unless the condition holds."""
    if not condition:
        raise ConfigError(message, help=help)


def require_range(
    name: str,
    value: float | None,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    open_low: bool = False,
) -> None:
    """Raise ConfigError unless low <= value <= high (low < value where `open_low`).

    None, where nothing is said, is in every range.
    """
    if value is None or ((value > low if open_low else value >= low) and value <= high):
        return
    lower = f"above {low:g}" if open_low else f"at least {low:g}"
    wanted = " and ".join([lower] * (low > -math.inf) + [f"at most {high:g}"] * (high < math.inf))
    raise ConfigError(f"{name} is {value!r}; it must be {wanted}.")


def _toml_value(raw: str) -> Any:
    try:
        return tomllib.loads(f"value = {raw}")["value"]
    except tomllib.TOMLDecodeError:
        return raw


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_without_none(item) for item in value]
    return value


def _config_error(kind: type, error: ValidationError, source: str) -> ConfigError:
    """Say the first refusal of pydantic in our words, with the path and the nearest key."""
    first = error.errors()[0]
    path, parent = _locate(kind, [str(part) for part in first["loc"]])
    dotted = ".".join(path)
    if first["type"] in {"unexpected_keyword_argument", "extra_forbidden"}:
        return ConfigError(
            f"{source}: unknown setting {dotted!r}.", help=_suggested_setting(kind, path, parent)
        )
    if first["type"] in {"missing", "missing_argument"}:
        return ConfigError(f"{source}: the setting {dotted!r} is missing.")
    if first["type"] == "union_tag_invalid":
        context = first["ctx"]
        key = context["discriminator"].strip("'")
        return ConfigError(
            f"{source}: {dotted}.{key} is {context['tag']!r}, which is unknown.",
            help=did_you_mean(context["tag"], _literal_names(context["expected_tags"])),
        )
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, ConfigError):
        return ConfigError(
            f"{source}: {dotted + ': ' if dotted else ''}{cause.message}", help=cause.help
        )
    if first["type"] == "literal_error":
        return ConfigError(
            f"{source}: {dotted} is {first['input']!r}, which is unknown.",
            help=did_you_mean(str(first["input"]), _literal_names(first["ctx"]["expected"])),
        )
    wanted = _WANTED.get(first["type"].split("_")[0])
    return ConfigError(
        f"{source}: {dotted} is {first['input']!r}; it must be {wanted}."
        if wanted
        else f"{source}: {dotted} is {first['input']!r}: {first['msg']}.",
        help=f"Write for example --set {dotted}={_EXAMPLES[wanted]}." if wanted else "",
    )


def _suggested_setting(kind: type, path: list[str], parent: Any) -> str:
    """Suggest a setting of the same section; else one of that name in another section."""
    elsewhere = [each for each in _setting_names(kind) if each.split(".")[-1] == path[-1]]
    if elsewhere and ".".join(path) not in elsewhere:
        return f"Did you mean {elsewhere[0]!r}?"
    nearest = nearest_name(path[-1], _field_names(parent))
    if nearest is not None:
        return f"Did you mean {'.'.join([*path[:-1], nearest])!r}?"
    return did_you_mean(path[-1], _field_names(parent))


def _setting_names(kind: Any, prefix: str = "") -> list[str]:
    """Give every setting below a dataclass, as a person writes it."""
    names = []
    for name, annotation in setting_types(kind).items() if _is_config(kind) else ():
        sections = [part for part in (annotation, *typing.get_args(annotation)) if _is_config(part)]
        for section in sections:
            names += _setting_names(section, f"{prefix}{name}.")
        if not sections:
            names.append(prefix + name)
    return names


def _literal_names(expected: str) -> list[str]:
    return [part.strip(" '") for part in expected.replace(" or ", ",").split(",")]


def _locate(kind: Any, location: list[str]) -> tuple[list[str], Any]:
    """Follow pydantic's location down from a dataclass.

    Returns:
        The path as a person writes it, without the tags that pydantic puts in for unions; and the
        dataclass that its last key belongs to.
    """
    path: list[str] = []
    parent, current = kind, kind
    for name in location:
        members = _members(current)
        if name in members:
            current = members[name]
            continue
        path.append(name)
        parent = _only_config(current)
        current = setting_types(parent).get(name) if _is_config(parent) else None
    return path, parent


def _members(annotation: Any) -> dict[str, Any]:
    """Give the dataclasses of a union by their tags: the literals that their fields default to."""
    return {
        str(field.default): part
        for part in typing.get_args(annotation)
        if _is_config(part)
        for field in dataclasses.fields(part)
    }


def _only_config(annotation: Any) -> Any:
    """Give the dataclass of an optional section; anything else as it is."""
    found = [part for part in typing.get_args(annotation) if _is_config(part)]
    return found[0] if len(found) == 1 else annotation


def _is_config(kind: Any) -> bool:
    return isinstance(kind, type) and dataclasses.is_dataclass(kind)


def _field_names(kind: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(kind)] if _is_config(kind) else []

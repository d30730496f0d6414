"""Error messages about settings, built from the data of pydantic's errors."""

import dataclasses
import typing
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic_core import ErrorDetails

from nextword.base.errors import ConfigError
from nextword.base.one_of import OneOf, parts
from nextword.base.paths import shortened
from nextword.base.ranges import describe_range
from nextword.base.suggestions import did_you_mean, nearest_name

#: What a value must be, by the first word of pydantic's error type.
_WANTED = {
    "int": "a whole number",
    "float": "a number",
    "finite": "a finite number",
    "bool": "true or false",
    "string": "text",
    "tuple": "a list",
    "dict": "a section of settings",
    "dataclass": "a section of settings",
}
_EXAMPLES: dict[Any, str] = {int: "3", float: "0.5", bool: "true", str: "some-text"}
#: The elements of a list in an example.
_ELEMENTS = {int: "[0, 1, 2]", float: "[0.5, 0.25, 0.25]", str: '["a", "b"]'}


def explain(
    kind: type, details: ErrorDetails, *, values: Mapping[str, Any], section: str
) -> ConfigError:
    """Return the error that describes an error of pydantic, found in the values of a class.

    Args:
        kind: The settings class.
        details: One entry of `ValidationError.errors()`.
        values: The values.
        section: Path of the class.
    """
    path, config, annotation = _locate(kind, details["loc"], values=values, section=section)
    cause = details.get("ctx", {}).get("error")
    if isinstance(cause, Exception):
        return _own_check(cause, path, _field_names(config) if annotation is None else [])
    setting, error_type = ".".join(path), details["type"]
    element = "".join(f"[{part}]" for part in details["loc"] if isinstance(part, int))
    if error_type in {"unexpected_keyword_argument", "extra_forbidden"}:
        message, help = f"unknown setting {shortened(setting)}.", _suggestion(kind, path, config)
    elif error_type in {"missing", "missing_argument"} and not element:
        message, help = f"the setting {setting!r} is missing.", ""
    elif error_type in {"missing", "missing_argument", "too_long", "too_short"}:
        message, help = f"{setting} has the wrong number of values.", _example(path, annotation)
    else:
        wrong, help = _wrong_value(details, path, annotation)
        value = details["input"]
        shown = shortened(value) if isinstance(value, str) else repr(value)[:120]
        message = f"{setting}{element} is {shown}{wrong}."
    return ConfigError(message, help=help, setting=setting)


def _locate(
    kind: Any, location: Sequence[str | int], *, values: Any, section: str
) -> tuple[list[str], Any, Any]:
    """Follow the location of a pydantic error from a settings class down.

    Returns:
        The path, the innermost settings class, and the annotation of its setting; None if the path
        ends at the class or the setting is unknown.
    """
    path, config, annotation = section.split(".") if section else [], kind, None
    for name in location:
        if config is not None and annotation is None and isinstance(name, str):
            path.append(name)
            annotation = typing.get_type_hints(config, include_extras=True).get(name)
            values = values.get(name) if isinstance(values, Mapping) else None
            inner = _section_class(annotation, values)
            config, annotation = (config, annotation) if inner is None else (inner, None)
        elif typing.get_origin(annotation) is dict:
            path, annotation = [*path, str(name)], typing.get_args(annotation)[1]
        # Any other name is that of a member of a union, which pydantic adds.
    return path, config, annotation


def _section_class(annotation: Any, values: Any) -> Any:
    """Return the settings class that reads a section; None for a setting that is no section."""
    for part in parts(annotation):
        if isinstance(part, OneOf):
            return part.kinds.get(part.chosen(values))
        if _field_names(part):
            return part
    return None


def _own_check(cause: Exception, path: list[str], names: list[str]) -> ConfigError:
    """Return the error of a check in a settings class, with the whole path of the setting.

    The message of a check begins with a setting, with or without the path of the section.
    """
    message, help = getattr(cause, "message", str(cause)), getattr(cause, "help", "")
    named = message.split(" ")[0].rstrip(".,:;").split(".")
    if named[: len(path)] == path:
        path = named
    elif named[0] in names:
        message, path = ".".join([*path, message]), [*path, *named]
    return ConfigError(message, help=help, setting=".".join(path))


def _wrong_value(details: ErrorDetails, path: list[str], annotation: Any) -> tuple[str, str]:
    """Return what is wrong with a value, and the help."""
    inside = list(parts(annotation))
    if details["type"].startswith(("greater_than", "less_than")):
        return f"; it must be {describe_range(annotation)}", ""
    literals = [part for part in inside if typing.get_origin(part) is Literal]
    if literals:
        choices = [str(choice) for part in literals for choice in typing.get_args(part)]
        choices += ["true", "false"] * (bool in inside)
        return ", which is unknown", did_you_mean(str(details["input"]), choices)
    wanted = _WANTED.get(details["type"].split("_")[0])
    # The settings classes of users may have other checks.
    fallback = f": {details['msg'][:1].lower()}{details['msg'][1:]}"
    return (f"; it must be {wanted}", _example(path, annotation)) if wanted else (fallback, "")


def _example(path: list[str], annotation: Any) -> str:
    """Return a help line with a value of the right type as TOML; empty where none is known.

    Example:
        >>> _example(["output", "cutoffs"], tuple[int, ...] | None)
        "Write for example --set output.cutoffs='[0, 1, 2]'."
    """
    inside = list(parts(annotation))
    kind = next((part for part in inside if isinstance(part, type) and part in _EXAMPLES), None)
    example = _EXAMPLES.get(kind, "")
    if any(typing.get_origin(part) is tuple for part in inside):
        example = f"'{_ELEMENTS[kind]}'" if kind in _ELEMENTS else ""
    setting = "--set " * (len(path) > 1) + ".".join(path)
    return f"Write for example {setting}={example}." if example else ""


def _suggestion(kind: type, path: list[str], config: Any) -> str:
    """Suggest a setting of that name in another section, else the nearest of the same section."""
    *section, name = path
    for other, hint in typing.get_type_hints(kind, include_extras=True).items():
        if [other] != section and any(name in _field_names(part) for part in parts(hint)):
            return f"Did you mean '{other}.{name}'?"
    nearest = nearest_name(name, _field_names(config))
    known = did_you_mean(name, _field_names(config))
    return known if nearest is None else f"Did you mean {'.'.join([*section, nearest])!r}?"


def _field_names(kind: Any) -> list[str]:
    """Return the names of the settings of a class; none of anything else."""
    is_config = isinstance(kind, type) and dataclasses.is_dataclass(kind)
    return [field.name for field in dataclasses.fields(kind)] if is_config else []

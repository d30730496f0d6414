"""What is wrong with a setting, in our words: from pydantic's refusals to ConfigErrors.

Every message names where the value came from and the whole path of the setting.
"""

import dataclasses
import re
import typing
from collections.abc import Callable, Sequence
from typing import Any

from pydantic import ValidationError

from nextword.base.errors import ConfigError
from nextword.base.one_of import setting_types
from nextword.base.paths import shortened
from nextword.base.suggestions import did_you_mean, nearest_name

#: Says by the path of a setting where its value came from.
Source = Callable[[Sequence[str]], str]

#: What a value must be, by the first word of pydantic's name for the refusal.
_WANTED = {
    "int": "a whole number",
    "float": "a number",
    "finite": "a finite number",
    "bool": "true or false",
    "string": "text",
    "tuple": "a list",
}
_EXAMPLES: dict[Any, str] = {int: "3", float: "0.5", bool: "true", str: "some-text"}
#: The elements of a list in an example.
_ELEMENTS = {int: ("0", "1", "2"), float: ("0.5", "0.25", "0.25"), str: ('"a"', '"b"')}
_SETTING = re.compile(r"[a-z_]+(\.[a-z_]+)*")


def explain_refusal(kind: type, error: ValidationError, source: Source) -> ConfigError:
    """Say the first refusal of pydantic in our words, with the path and the nearest key.

    Args:
        kind: The dataclass that was to be built.
        error: The refusal.
        source: Says where a value came from.
    """
    first = error.errors()[0]
    path, parent = _locate(kind, [str(part) for part in first["loc"]])
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, ConfigError):
        return explain_section(kind, cause, source, section=path)
    dotted, where = ".".join(path), source(path)
    if first["type"] in {"unexpected_keyword_argument", "extra_forbidden"}:
        return ConfigError(
            f"{where}: unknown setting {shortened(dotted)}.",
            help=_suggested_setting(kind, path, parent),
        )
    if first["type"] in {"missing", "missing_argument"} and not path[-1].isdigit():
        return ConfigError(f"{where}: the setting {dotted!r} is missing.")
    if first["type"] == "union_tag_invalid":
        context = first["ctx"]
        key = context["discriminator"].strip("'")
        return ConfigError(
            f"{source([*path, key])}: {dotted}.{key} is {shortened(context['tag'])}, which is "
            "unknown.",
            help=did_you_mean(context["tag"], _literal_names(context["expected_tags"])),
        )
    if first["type"] == "literal_error":
        return ConfigError(
            f"{where}: {dotted} is {_shown(first['input'])}, which is unknown.",
            help=did_you_mean(str(first["input"]), _literal_names(first["ctx"]["expected"])),
        )
    return _wrong_type(first, path, parent, where)


def explain_section(
    kind: type, cause: ConfigError, source: Source, *, section: Sequence[str]
) -> ConfigError:
    """Give an error raised by a section's own checks the whole path of the setting.

    Args:
        kind: The dataclass that was to be built.
        cause: What the section raised; its message begins with the setting, with or without the
            name of the section.
        source: Says where a value came from.
        section: The path of the section.
    """
    found = _SETTING.match(cause.message)
    named = found[0].split(".") if found else []
    path = [*section, *named]
    if section and named[: len(section)] == list(section):
        return ConfigError(f"{source(named)}: {cause.message}", help=cause.help)
    if named and named[0] in _section_fields(kind, section):
        return ConfigError(
            f"{source(path)}: {'.'.join([*section, ''])}{cause.message}", help=cause.help
        )
    return ConfigError(f"{source(section)}: {cause.message}", help=cause.help)


def _section_fields(kind: Any, section: Sequence[str]) -> list[str]:
    """Return the settings of a section; of all it may be, where it is one of several."""
    kinds = [kind]
    for name in section:
        hints = [setting_types(each).get(name) for each in kinds if _is_config(each)]
        kinds = [
            part for hint in hints for part in (hint, *typing.get_args(hint)) if _is_config(part)
        ]
    return [name for each in kinds for name in _field_names(each)]


def _wrong_type(first: Any, path: list[str], parent: Any, where: str) -> ConfigError:
    """Say what a value must be, with an example of the right type."""
    setting = [part for part in path if not part.isdigit()]
    annotation = setting_types(parent).get(setting[-1]) if _is_config(parent) else None
    dotted = ".".join(setting)
    shown = dotted + "".join(f"[{part}]" for part in path if part.isdigit())
    wanted = _WANTED.get(first["type"].split("_")[0])
    example = _example(annotation)
    if first["type"] in {"missing", "missing_argument", "too_long", "too_short"}:
        return ConfigError(
            f"{where}: {dotted} has the wrong number of values.",
            help=f"Write for example --set {dotted}='{example}'." if example else "",
        )
    what = f"it must be {wanted}" if wanted else str(first["msg"])
    if wanted is None:
        return ConfigError(
            f"{where}: {shown} is {_shown(first['input'])}: {what[:1].lower()}{what[1:]}."
        )
    quoted = f"'{example}'" if example.startswith("[") else example
    return ConfigError(
        f"{where}: {shown} is {_shown(first['input'])}; {what}.",
        help=f"Write for example --set {dotted}={quoted}." if example else "",
    )


def _example(annotation: Any) -> str:
    """Return a value of a setting's type as TOML; empty where there is no telling.

    Example:
        >>> _example(tuple[int, ...] | None), _example(float)
        ('[0, 1, 2]', '0.5')
    """
    if annotation in _EXAMPLES:
        return _EXAMPLES[annotation]
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) in {tuple, list} and arguments:
        elements = _ELEMENTS.get(arguments[0], ())
        return f"[{', '.join(elements)}]"
    return next((found for part in arguments if (found := _example(part))), "")


def _shown(value: Any) -> str:
    text = repr(value)
    return shortened(value) if isinstance(value, str) else text if len(text) < 120 else "so long"


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
    """Return every setting below a dataclass, as a person writes it."""
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
        if name.isdigit() and not _is_config(_only_config(current)):
            continue
        parent = _only_config(current)
        current = setting_types(parent).get(name) if _is_config(parent) else None
    return path, parent


def _members(annotation: Any) -> dict[str, Any]:
    """Return the dataclasses of a union by their tags: literals that their fields default to."""
    return {
        str(field.default): part
        for part in typing.get_args(annotation)
        if _is_config(part)
        for field in dataclasses.fields(part)
    }


def _only_config(annotation: Any) -> Any:
    """Return the dataclass of an optional section; anything else as it is."""
    found = [part for part in typing.get_args(annotation) if _is_config(part)]
    return found[0] if len(found) == 1 else annotation


def _is_config(kind: Any) -> bool:
    return isinstance(kind, type) and dataclasses.is_dataclass(kind)


def _field_names(kind: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(kind)] if _is_config(kind) else []

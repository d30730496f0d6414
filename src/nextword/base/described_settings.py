"""The settings of a settings class, described for people: names, types, defaults and meanings."""

import dataclasses
import inspect
import re
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nextword.base.one_of import parts
from nextword.base.ranges import describe_range
from nextword.base.toml import Values

#: Settings that choose between the classes of a section.
_DISCRIMINATORS = ("family", "kind")
#: The modules in front of the name of a class.
_MODULE = re.compile(r"\b(?:\w+\.)+(?=[A-Za-z])")


@dataclass(frozen=True, kw_only=True)
class DescribedSetting:
    """A setting.

    Attributes:
        name: The name with its section, such as `training.epochs`.
        type: The type; choices are listed.
        default: The default as text; `unset` for None, `required` if there is none.
        meaning: What it does, and its range.
    """

    name: str
    type: str
    default: str
    meaning: str

    def to_dict(self) -> Values:
        """Return the fields as JSON values."""
        return dataclasses.asdict(self)


@dataclass(frozen=True, kw_only=True)
class SettingSection:
    """A section of settings.

    Attributes:
        name: The name, such as `training`; empty for settings outside of all sections.
        choice: The setting that selects this section among several of the same name, such as
            `family = "window"`; empty if there is only one.
        meaning: What the section is about.
        settings: Its settings.
    """

    name: str
    choice: str
    meaning: str
    settings: tuple[DescribedSetting, ...]


def described_settings(kind: type) -> Iterator[SettingSection]:
    """Iterate over the sections of a settings class.

    Args:
        kind: A dataclass whose fields are settings or dataclasses of settings.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass(frozen=True, kw_only=True)
        ... class Training:
        ...     epochs: int = 3
        >>> [section] = described_settings(Training)
        >>> section.settings[0].name, section.settings[0].type, section.settings[0].default
        ('epochs', 'int', '3')
    """
    return _sections(kind, (), "")


def _sections(kind: type, path: tuple[str, ...], choice: str) -> Iterator[SettingSection]:
    hints, plain = typing.get_type_hints(kind, include_extras=True), typing.get_type_hints(kind)
    texts: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        texts |= _argument_texts(each)
    settings: list[DescribedSetting] = []
    below: list[SettingSection] = []
    for field in dataclasses.fields(kind):
        name = (*path, field.name)
        # The members of a mixture have the settings of any family, which are described already.
        is_list = typing.get_origin(plain[field.name]) is tuple
        found = () if is_list else parts(hints[field.name])
        insides = [part for part in found if dataclasses.is_dataclass(part)]
        for inside in insides:
            one = typing.cast("type", inside)
            below.extend(_sections(one, name, _choice(one) if len(insides) > 1 else ""))
        if not insides:
            text, limits = texts.get(field.name, ""), describe_range(hints[field.name])
            settings.append(
                DescribedSetting(
                    name=".".join(name),
                    type=_type_text(plain[field.name]),
                    default=_default_text(field),
                    meaning=f"{text} Range: {limits}." if limits else text,
                )
            )
    if settings:
        meaning = (inspect.getdoc(kind) or "").partition("\n\n")[0].replace("\n", " ")
        yield SettingSection(
            name=".".join(path), choice=choice, meaning=meaning, settings=tuple(settings)
        )
    yield from below


def _choice(kind: type) -> str:
    """Return the setting that selects a class among several, such as `family = "window"`."""
    for field in dataclasses.fields(kind):
        if field.name in _DISCRIMINATORS and isinstance(field.default, str):
            return f'{field.name} = "{field.default}"'
    return ""


def _type_text(hint: Any) -> str:
    """Return the type of a setting; choices are listed, None is left out."""
    names: list[str] = []
    for part in _alternatives(hint):
        if typing.get_origin(part) is typing.Literal:
            names.extend(repr(choice).replace("'", '"') for choice in typing.get_args(part))
        elif part is not types.NoneType:
            names.append(_MODULE.sub("", str(part)) if typing.get_args(part) else part.__name__)
    return ", ".join(names)


def _default_text(field: Any) -> str:
    if field.default is not dataclasses.MISSING:
        value = field.default
    elif field.default_factory is not dataclasses.MISSING:
        value = field.default_factory()
    else:
        return "required"
    if value is None:
        return "unset"
    return str(value).lower() if isinstance(value, bool) else repr(value).replace("'", '"')


def _alternatives(hint: Any) -> tuple[Any, ...]:
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return typing.get_args(hint)
    return (hint,)


def _argument_texts(kind: type) -> dict[str, str]:
    """Return the texts of the Args or Attributes section of a class docstring, by name."""
    section = re.search(
        r"^(?:Args|Attributes):\n((?:[ ]{4}.*\n?|\n)+)", inspect.getdoc(kind) or "", re.MULTILINE
    )
    entries = re.findall(
        r"^    (\w+): ((?:.|\n(?!    \w))+)", section.group(1) if section else "", re.M
    )
    return {name: " ".join(text.split()) for name, text in entries}

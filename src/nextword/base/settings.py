"""Settings classes: frozen dataclasses whose values pydantic checks whenever one is built."""

import functools
import typing
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import ConfigDict, ValidationError, with_config

from nextword.base.errors import ConfigError
from nextword.base.one_of import decoder
from nextword.base.paths import shortened
from nextword.base.setting_errors import explain

#: Whole numbers beyond this fit in no tensor, no file and no counter.
_LARGEST = 2**63 - 1

Config = TypeVar("Config")

#: Decorator of dataclasses that are read from a file: unknown keys are refused, 3.5 is no integer.
STRICT = with_config(ConfigDict(extra="forbid", strict=False, allow_inf_nan=False))


def settings(section: str = "") -> Callable[[type[Config]], type[Config]]:
    """Return a decorator for a frozen, keyword-only dataclass that holds settings.

    Types and ranges are checked by pydantic, as the annotations say, both when the class is decoded
    and when it is called. A check that concerns several settings belongs in `__post_init__`.

    Args:
        section: Path of the settings, such as `model`; error messages name it.

    Example:
        >>> from dataclasses import dataclass
        >>> from nextword.base import PositiveInt
        >>> @settings("model")
        ... @dataclass(frozen=True, kw_only=True)
        ... class Config:
        ...     num_layers: PositiveInt = 2
        >>> Config(num_layers=0)
        Traceback (most recent call last):
        nextword.base.errors.ConfigError: model.num_layers is 0; it must be at least 1.
    """

    def decorate(kind: type[Config]) -> type[Config]:
        @functools.wraps(kind.__init__)
        def initialize(self: Any, **values: Any) -> None:
            built = build(type(self), values, section=section)
            vars(self).update(vars(built))

        STRICT(kind).__init__ = initialize  # type: ignore[method-assign]
        return kind

    return decorate


def build(kind: type[Config], values: Mapping[str, Any], *, section: str = "") -> Config:
    """Build a settings class from nested values, checked as its annotations say.

    Args:
        kind: A frozen dataclass decorated with `settings` or `STRICT`.
        values: Nested dictionaries, or instances in place of inner sections.
        section: Path of the settings, for error messages.

    Raises:
        ConfigError: A setting is unknown, missing, of the wrong type or out of range.
    """
    path = section.split(".") if section else []
    _check_writable(values, path=path)
    try:
        return typing.cast("Config", decoder(typing.cast("Any", kind))(dict(values)))
    except ValidationError as error:
        raise explain(kind, error.errors()[0], values=values, section=path) from error


def _check_writable(value: Any, *, path: list[str]) -> None:
    """Refuse what no settings file could hold: text that is not UTF-8, a number beyond 64 bits."""
    setting = ".".join(path)
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _check_writable(inner, path=[*path, str(key)])
    elif isinstance(value, list | tuple):
        for inner in value:
            _check_writable(inner, path=path)
    elif isinstance(value, int) and abs(value) > _LARGEST:
        raise ConfigError(
            f"{setting} is a number of {value.bit_length()} bits; it must fit in 64.",
            help=f"Set at most {_LARGEST}.",
            setting=setting,
        )
    elif isinstance(value, str) and not _is_utf8(value):
        raise ConfigError(
            f"{setting} is {shortened(value)}, which is not UTF-8; config.toml cannot hold it.",
            help="Rename the file; a text can also be sent through standard input, as -.",
            setting=setting,
        )


def _is_utf8(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True

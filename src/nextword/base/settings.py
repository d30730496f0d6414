"""Settings classes: frozen dataclasses whose values pydantic checks whenever one is built."""

import functools
import math
import re
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
#: The largest float32; torch refuses to convert larger numbers.
_LARGEST_FLOAT = (2 - 2**-23) * 2.0**127
#: What Python puts in the place of bytes that are not UTF-8.
_NOT_UTF8 = re.compile("[\ud800-\udfff]")

Config = TypeVar("Config")

#: Decorator of dataclasses that are read from a file: unknown keys are refused, 3.5 is no integer.
STRICT = with_config(ConfigDict(extra="forbid", strict=False, allow_inf_nan=False))


def settings(section: str = "") -> Callable[[type[Config]], type[Config]]:
    """Return a decorator for a frozen, keyword-only dataclass that holds settings.

    pydantic checks types and ranges as the annotations say, both when the class is decoded and when
    it is called. Checks that concern several settings belong in `__post_init__`.

    Args:
        section: Path of the settings, such as `model`; error messages name it.
    """

    def decorate(kind: type[Config]) -> type[Config]:
        @functools.wraps(kind.__init__)
        def initialize(self: Any, **values: Any) -> None:
            vars(self).update(vars(build(type(self), values, section=section)))

        STRICT(kind).__init__ = initialize  # type: ignore[method-assign]
        return kind

    return decorate


def build(kind: type[Config], values: Mapping[str, Any], *, section: str = "") -> Config:
    """Build a settings class from nested values, checked as its annotations say.

    Args:
        kind: A frozen dataclass decorated with `settings` or `STRICT`.
        values: Nested dictionaries; an inner section may also be an instance of its class.
        section: Path of the settings, for error messages.

    Raises:
        ConfigError: A setting is unknown, missing, of the wrong type or out of range.
    """
    try:
        config = typing.cast("Config", decoder(typing.cast("Any", kind))(dict(values)))
    except ValidationError as error:
        raise explain(kind, error.errors()[0], values=values, section=section) from error
    _check_writable(values, setting=section)
    return config


def _check_writable(value: Any, *, setting: str) -> None:
    """Refuse what no settings file could hold: text that is not UTF-8, too large a number."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _check_writable(inner, setting=f"{setting}.{key}" if setting else str(key))
    elif isinstance(value, list | tuple):
        for inner in value:
            _check_writable(inner, setting=setting)
    elif isinstance(value, int) and abs(value) > _LARGEST:
        shown = value if value.bit_length() < 100 else f"a number of {value.bit_length()} bits"
        limit = f"at most {_LARGEST:,}" if value > 0 else f"at least {-_LARGEST:,}"
        raise ConfigError(f"{setting} is {shown}; it must be {limit}.", setting=setting)
    elif isinstance(value, float) and math.isfinite(value) and abs(value) > _LARGEST_FLOAT:
        limit = "at most 3.4e38" if value > 0 else "at least -3.4e38"
        raise ConfigError(f"{setting} is {value:g}; it must be {limit}.", setting=setting)
    elif isinstance(value, str) and _NOT_UTF8.search(value):
        raise ConfigError(
            f"{setting} is {shortened(value)}, which is not UTF-8; config.toml cannot hold it.",
            help="Rename the file, or name its folder or a glob that matches it. A text can also "
            "be sent through standard input, as -.",
            setting=setting,
        )

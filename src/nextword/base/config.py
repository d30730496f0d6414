"""Configurations as frozen dataclasses: built from nested values, and given back.

Precedence is the caller's business: `decode_layers` takes the layers in their order. Every refusal
names the layer, the path to the key and the nearest known one.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

from nextword.base.config_errors import Source, explain_refusal, explain_section
from nextword.base.errors import ConfigError
from nextword.base.layers import merge, source_of
from nextword.base.paths import shortened
from nextword.base.toml import Values

#: Whole numbers beyond this fit in no tensor, no file and no counter.
_LARGEST = 2**63 - 1

Config = TypeVar("Config")

#: Put on every configuration class: unknown keys are refused, "3.5" is no integer.
STRICT = with_config(ConfigDict(extra="forbid", strict=False, allow_inf_nan=False))


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
    return _decode(kind, values, lambda path: source)


def decode_layers(kind: type[Config], layers: Sequence[Mapping[str, Any]]) -> Config:
    """Build a configuration from layers of nested values, of which later ones win.

    Args:
        kind: A frozen dataclass decorated with `STRICT`.
        layers: A `Layer` is named in the error message where the value is of it.

    Raises:
        ConfigError: As `decode`.
    """
    return _decode(kind, merge(*layers), lambda path: source_of(path, layers) or "settings")


def encode(config: Any) -> Values:
    """Return a configuration as nested values that `decode` accepts."""
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


def _decode(kind: type[Config], values: Mapping[str, Any], source: Source) -> Config:
    _check_values(values, source, path=[])
    try:
        return TypeAdapter(kind).validate_python(dict(values))
    except ConfigError as error:
        raise explain_section(kind, error, source, section=[]) from error
    except ValidationError as error:
        raise explain_refusal(kind, error, source) from error


def _check_values(value: Any, source: Source, *, path: list[str]) -> None:
    """Refuse what no settings file could hold: text that is not UTF-8, a number beyond 64 bits."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _check_values(inner, source, path=[*path, str(key)])
    elif isinstance(value, list | tuple):
        for inner in value:
            _check_values(inner, source, path=path)
    elif isinstance(value, int) and abs(value) > _LARGEST:
        raise ConfigError(
            f"{source(path)}: {'.'.join(path)} is a number of {value.bit_length()} bits; it must "
            "fit in 64.",
            help=f"Set at most {_LARGEST}.",
        )
    elif isinstance(value, str) and not _is_utf8(value):
        raise ConfigError(
            f"{source(path)}: {'.'.join(path)} is {shortened(value)}, which is not UTF-8; "
            "config.toml cannot hold it.",
            help="Rename the file; a text can also be sent through standard input, as -.",
        )


def _is_utf8(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True

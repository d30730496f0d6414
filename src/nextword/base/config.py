"""Settings as nested values: decoded into settings classes, and encoded."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nextword.base.errors import ConfigError
from nextword.base.layers import merge, source_of
from nextword.base.settings import Config, build
from nextword.base.toml import Values


def decode(kind: type[Config], values: Mapping[str, Any], *, source: str) -> Config:
    """Build a settings class from nested values.

    Args:
        kind: A frozen dataclass decorated with `settings` or `STRICT`.
        values: Nested dictionaries, as TOML or JSON files hold them.
        source: Where they come from, for the error message.

    Raises:
        ConfigError: A setting is unknown (the message suggests the nearest one), missing, of the
            wrong type, or out of range.
    """
    return _decode(kind, values, lambda path: source)


def decode_layers(kind: type[Config], layers: Sequence[Mapping[str, Any]]) -> Config:
    """Build a settings class from layers of nested values; later layers win.

    Args:
        kind: A frozen dataclass decorated with `settings` or `STRICT`.
        layers: Nested dictionaries. Error messages name the `Layer` that a value comes from.

    Raises:
        ConfigError: As `decode`.
    """
    return _decode(kind, merge(*layers), lambda path: source_of(path, layers) or "settings")


def encode(config: Any) -> Values:
    """Return a settings object as nested values that `decode` accepts."""
    return dataclasses.asdict(config)


def _decode(
    kind: type[Config], values: Mapping[str, Any], source: Callable[[Sequence[str]], str]
) -> Config:
    try:
        return build(kind, values)
    except ConfigError as error:
        place = source(error.setting.split("."))
        raise ConfigError(
            f"{place}: {error.message}", help=error.help, setting=error.setting
        ) from error

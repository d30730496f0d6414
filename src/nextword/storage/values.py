"""Exact serialization of nested values as JSON, including NaN and infinities.

JSON has no NaN. It is written as an object, `{"$float": "nan"}`, so that every JSON parser can read
the file. Keys that begin with "$" are therefore reserved.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from nextword.base import CheckpointError, FormatError, Values
from nextword.storage.format_version import DAMAGED_HELP

_FLOAT_KEY = "$float"
_SPECIAL_FLOATS = ("nan", "inf", "-inf")


def render_values(values: Mapping[str, Any]) -> bytes:
    r"""Serialize nested values as ASCII JSON.

    Args:
        values: None, booleans, numbers, strings, lists and mappings with string keys. Tuples are
            restored as lists.

    Returns:
        Bytes that `parse_values` turns into equal values, including non-finite floats and lone
        surrogates.

    Raises:
        CheckpointError: A value has another type, or a key is not a string or begins with "$".

    Example:
        >>> render_values({"loss": math.inf})
        b'{\n  "loss": {\n    "$float": "inf"\n  }\n}\n'
    """
    return (json.dumps(_encode(values, ""), indent=2, allow_nan=False) + "\n").encode("ascii")


def parse_values(content: bytes, *, source: str) -> Values:
    """Deserialize the result of `render_values`.

    Args:
        content: A JSON object in UTF-8.
        source: Name of the file, for error messages.

    Raises:
        FormatError: The content is not JSON, not an object, or nested too deeply.

    Example:
        >>> parse_values(b'{"loss": {"$float": "inf"}}', source="values.json")
        {'loss': inf}
    """
    try:
        values = json.loads(
            content.decode("utf-8"), object_hook=_decode, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{source} is not valid JSON: {error}.", help=DAMAGED_HELP) from error
    if not isinstance(values, dict):
        raise FormatError(
            f"{source} contains a {type(values).__name__}, not a JSON object.", help=DAMAGED_HELP
        )
    return values


def read_values(path: Path) -> Values:
    """Read a file that was written with `render_values`.

    Raises:
        FormatError: The content is not JSON, not an object, or nested too deeply.
    """
    return parse_values(path.read_bytes(), source=str(path))


def _encode(value: Any, place: str) -> Any:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {_FLOAT_KEY: repr(float(value))}
    if isinstance(value, Mapping):
        return {
            _checked_key(key): _encode(item, f"{place}.{key}".removeprefix("."))
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_encode(item, f"{place}[{index}]") for index, item in enumerate(value)]
    raise CheckpointError(
        f"{place} is a {type(value).__name__}; only JSON values can be saved here.",
        help="Save arrays and generator states as tensors.",
    )


def _checked_key(key: Any) -> str:
    if isinstance(key, str) and not key.startswith("$"):
        return key
    raise CheckpointError(
        f"the key {key!r} cannot be saved; keys must be strings that do not begin with '$'.",
        help="Rename it.",
    )


def _decode(values: Values) -> Any:
    if _FLOAT_KEY not in values:
        return values
    text = values[_FLOAT_KEY]
    if len(values) != 1 or text not in _SPECIAL_FLOATS:
        raise ValueError(f"{_FLOAT_KEY!r} must be the only key, with one of {_SPECIAL_FLOATS}")
    return float(text)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"the constant {name} is not valid JSON")

"""Nested values as JSON text and back, exactly: NaN and infinities survive.

Knows nothing of what the values mean. The text is plain JSON, which has no NaN; such a float is
written as an object of one key, `{"$float": "nan"}`, so that any JSON reader still opens the file.
Keys that begin with "$" are therefore kept for ourselves.
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
    r"""Give nested values as JSON in ASCII, ready to be written.

    Args:
        values: None, booleans, numbers, text, lists and string-keyed mappings. Tuples come back
            as lists.

    Returns:
        Bytes that `parse_values` turns into equal values; non-finite floats and lone surrogates
        included.

    Raises:
        CheckpointError: A value is none of these, or a key is no text or begins with "$".

    Example:
        >>> render_values({"loss": math.inf})
        b'{\n  "loss": {\n    "$float": "inf"\n  }\n}\n'
    """
    return (json.dumps(_encode(values, ""), indent=2, allow_nan=False) + "\n").encode("ascii")


def parse_values(content: bytes, *, source: str) -> Values:
    """Read what `render_values` wrote.

    Args:
        content: JSON of one object, UTF-8.
        source: The file, for the message.

    Raises:
        FormatError: It is no JSON, no object, or nested too deeply.

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
            f"{source} holds a {type(values).__name__}, not a JSON object.", help=DAMAGED_HELP
        )
    return values


def read_values(path: Path) -> Values:
    """Read a file of `render_values`; FormatError names the file."""
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
        help="Save arrays and generator states among the tensors.",
    )


def _checked_key(key: Any) -> str:
    if isinstance(key, str) and not key.startswith("$"):
        return key
    raise CheckpointError(
        f"the key {key!r} cannot be saved; keys must be text that does not begin with '$'.",
        help="Rename it.",
    )


def _decode(values: Values) -> Any:
    if _FLOAT_KEY not in values:
        return values
    text = values[_FLOAT_KEY]
    if len(values) != 1 or text not in _SPECIAL_FLOATS:
        raise ValueError(f"{_FLOAT_KEY!r} must stand alone and be one of {_SPECIAL_FLOATS}")
    return float(text)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"the bare constant {name} is not JSON")

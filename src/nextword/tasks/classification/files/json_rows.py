"""Texts and labels from JSON lines. Knows no files."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from nextword.base import DataError, did_you_mean, shortened
from nextword.tasks.classification.files.columns import (
    LABEL_NAMES,
    TEXT_NAMES,
    ColumnsConfig,
)
from nextword.tasks.classification.files.rows import TextRow, checked_labels
from nextword.text import json_fault

_BYTE_ORDER_MARK = "\ufeff"
_JSON_TYPES = {
    bool: "true or false",
    dict: "an object",
    float: "a number",
    int: "a number",
    list: "an array",
    str: "a string",
    type(None): "null",
}


def json_rows(
    lines: Iterable[str],
    columns: ColumnsConfig,
    *,
    name: str,
    multi_label: bool,
    with_labels: bool,
) -> Iterator[TextRow]:
    """Iterate over the texts of JSON lines; lines of white space are skipped.

    Args:
        lines: The lines.
        columns: The settings. A key that is not named is chosen from the first object.
        name: Name of the file, for messages.
        multi_label: Whether the label is a list of labels.
        with_labels: Whether labels are read.

    Raises:
        DataError: A line is not a JSON object, lacks a key, or has a value of another type.
    """
    keys: tuple[str, str | None] | None = None
    for number, line in enumerate(lines, start=1):
        if not line.strip().strip(_BYTE_ORDER_MARK):
            continue
        place = f"{name}:{number}"
        values = _parse(line, place)
        if keys is None:
            keys = _keys(values, columns, with_labels=with_labels, place=place)
        text_key, label_key = keys
        labels: tuple[str, ...] = ()
        if label_key is not None:
            found = _labels(values, label_key, multi_label=multi_label, place=place)
            labels = checked_labels(found, multi_label=multi_label, place=place)
        yield TextRow(text=_text(values, text_key, place), labels=labels, place=place)


def _parse(line: str, place: str) -> dict[str, Any]:
    try:
        values = json.loads(line.removeprefix(_BYTE_ORDER_MARK))
    except json.JSONDecodeError as error:
        raise DataError(
            f"{place} is not JSON: {json_fault(error)}.",
            help="Each line must be one whole object.",
        ) from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{place} cannot be read as JSON: {error}.") from error
    if not isinstance(values, dict):
        raise DataError(
            f"{place} is {_JSON_TYPES[type(values)]}, not an object with fields.",
            help="Each line must be one whole object.",
        )
    return values


def _keys(
    values: Mapping[str, Any], columns: ColumnsConfig, *, with_labels: bool, place: str
) -> tuple[str, str | None]:
    """Return the keys of the text and of the label."""
    text = _key(values, columns.text, TEXT_NAMES, what="text", place=place)
    if not with_labels:
        return text, None
    return text, _key(values, columns.label, LABEL_NAMES, what="label", place=place)


def _key(
    values: Mapping[str, Any],
    column: str | int | None,
    known: tuple[str, ...],
    *,
    what: str,
    place: str,
) -> str:
    if column is not None:
        return str(column)
    for key in known:
        if key in values:
            return key
    shown = ", ".join(shortened(key) for key in list(values)[:12]) or "none"
    raise DataError(
        f"{place}: the keys are {shown}; none of them is known to be the {what}.",
        help=f"Name it with --{what}-column.",
    )


def _value(values: Mapping[str, Any], key: str, place: str) -> Any:
    if key not in values:
        raise DataError(
            f"{place} has no key {shortened(key)}.",
            help=did_you_mean(key, values) if values else "",
        )
    return values[key]


def _text(values: Mapping[str, Any], key: str, place: str) -> str:
    text = _value(values, key, place)
    if not isinstance(text, str):
        raise DataError(
            f"{place}: {shortened(key)} is {_JSON_TYPES[type(text)]}, not a text.",
            help="Name the key of the text with --text-column.",
        )
    return _without_surrogates(text, place)


def _labels(values: Mapping[str, Any], key: str, *, multi_label: bool, place: str) -> list[str]:
    value = _value(values, key, place)
    if isinstance(value, list):
        if not multi_label:
            raise DataError(
                f"{place}: {shortened(key)} is an array, where one label is expected.",
                help="For texts with several labels use --set classification.multi_label=true.",
            )
        return [_label(each, key, place) for each in value]
    if value is None and multi_label:
        return []
    return [_label(value, key, place)]


def _label(value: object, key: str, place: str) -> str:
    """Return a label as text; whole numbers and truth values are labels too."""
    if isinstance(value, str):
        return _without_surrogates(value, place)
    if isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return json.dumps(value)
    raise DataError(
        f"{place}: {shortened(key)} is {_JSON_TYPES[type(value)]}, not a label.",
        help="A label is a text or a number. Name its key with --label-column.",
    )


def _without_surrogates(text: str, place: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise DataError(
            f"{place} contains a lone surrogate U+{ord(text[error.start]):04X}.",
            help="Repair the escape in the file.",
        ) from error
    return text

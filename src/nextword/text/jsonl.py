"""Read documents from JSON lines: a field of each line is a text. Knows nothing of files."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from nextword.base import DataError, did_you_mean
from nextword.text.documents import Document, text_document

#: Default field of the text.
DEFAULT_FIELD = "text"

_BYTE_ORDER_MARK = "\ufeff"
_ONE_OBJECT_A_LINE = "Each line must be one whole object"
_JSON_TYPES = {
    bool: "true or false",
    dict: "an object",
    float: "a number",
    list: "an array",
    str: "a string",
    type(None): "null",
}


def jsonl_documents(
    pieces: Iterable[str], *, name: str, field: str, encoding_errors: str
) -> Iterator[Document]:
    """Iterate over the documents of JSON lines; lines of white space are skipped.

    Args:
        pieces: The text of the file, in pieces that end at line ends.
        name: Name of the file; a document is named `name:line_number`.
        field: Key of the text in the object of each line.
        encoding_errors: As in `open_corpus`; determines which lone surrogates are allowed.

    Yields:
        Documents whose text is in memory.

    Raises:
        DataError: A line is not a JSON object, lacks the field, or the field is not text.
    """
    for line_number, line in enumerate(_lines(pieces), start=1):
        if not line.strip().strip(_BYTE_ORDER_MARK):
            continue
        place = f"{name}:{line_number}"
        _, text = parse_record(line, name=place, field=field, encoding_errors=encoding_errors)
        yield text_document(text, name=place)


def parse_record(
    line: str, *, name: str, field: str, encoding_errors: str
) -> tuple[dict[str, Any], str]:
    """Return the object and the text of a JSON line.

    Args:
        line: The line.
        name: File and line number, for messages.
        field: Key of the text in the object.
        encoding_errors: As in `open_corpus`; determines which lone surrogates are allowed.

    Raises:
        DataError: The line is not a JSON object, lacks the field, or the field is not text.
    """
    values = _parse(line, name)
    text = _text_of(values, field, name)
    _check_characters(text, encoding_errors, name)
    return values, text


def looks_like_jsonl(line: str) -> bool:
    """Return whether a line is a JSON object with a text as one of its values."""
    if not line.lstrip().startswith("{"):
        return False
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and any(isinstance(each, str) for each in value.values())


def _lines(pieces: Iterable[str]) -> Iterator[str]:
    for piece in pieces:
        yield from piece.removesuffix("\n").split("\n")


def json_fault(error: json.JSONDecodeError) -> str:
    """Return what is wrong with a text that is not JSON, and the column.

    Args:
        error: The error of the parser, whose message may end with "at" itself.
    """
    return f"{error.msg.removesuffix(' at')} at column {error.colno}"


def _parse(line: str, place: str) -> dict[str, Any]:
    try:
        # Concatenated files have a byte order mark at the start of each file.
        # Python refuses to convert integers of more than 4,300 digits, but not to floats.
        value = json.loads(line.removeprefix(_BYTE_ORDER_MARK), parse_int=float)
    except json.JSONDecodeError as error:
        raise DataError(
            f"{place} is not JSON: {json_fault(error)}.",
            help=_help_for(line),
        ) from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{place} cannot be read as JSON: {error}.") from error
    if not isinstance(value, dict):
        raise DataError(
            f"{place} is {_JSON_TYPES[type(value)]}, not an object with fields.",
            help=_help_for(line),
        )
    return value


def _help_for(line: str) -> str:
    beginning = line.lstrip()
    if beginning.startswith("["):
        return f"{_ONE_OBJECT_A_LINE}: convert an array with jq -c '.[]' FILE."
    if beginning.strip() == "{":
        return f"{_ONE_OBJECT_A_LINE}: convert the file with jq -c . FILE."
    return f"{_ONE_OBJECT_A_LINE}."


def _text_of(values: dict[str, Any], field: str, place: str) -> str:
    if field not in values:
        help = did_you_mean(field, values) if values else ""
        raise DataError(f"{place} has no field {field!r}.", help=help)
    text = values[field]
    if not isinstance(text, str):
        raise DataError(
            f"{place}: the field {field!r} is {_JSON_TYPES[type(text)]}, not text.",
            help="Name the field of the text with --field.",
        )
    return text


def _check_characters(text: str, encoding_errors: str, place: str) -> None:
    """Refuse lone surrogates, which JSON can escape and UTF-8 cannot encode."""
    try:
        text.encode("utf-8", errors=encoding_errors)
    except UnicodeEncodeError as error:
        raise DataError(
            f"{place}: the text contains a lone surrogate U+{ord(text[error.start]):04X} "
            f"at character {error.start:,}.",
            help="Repair the escape in the file.",
        ) from error

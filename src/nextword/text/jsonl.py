"""Documents in JSON lines: one field of each line is one text. Knows nothing of files."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from nextword.base import DataError, did_you_mean
from nextword.text.documents import Document, text_document

#: The field that holds the text where none is named.
DEFAULT_FIELD = "text"

_BYTE_ORDER_MARK = "\ufeff"
_ONE_OBJECT_A_LINE = "Each line must be one whole object"


def jsonl_documents(
    pieces: Iterable[str], *, name: str, field: str, encoding_errors: str
) -> Iterator[Document]:
    """Return one document for each line of JSON; lines of white space alone are skipped.

    Args:
        pieces: The text of the file, in pieces that end at line ends.
        name: The file's name; a document is called `name:line_number`.
        field: The key of the text in each line's object.
        encoding_errors: As in `open_corpus`; decides which lone surrogates a text may hold.

    Yields:
        Documents that hold their own text only.

    Raises:
        DataError: A line is not a JSON object, lacks the field, or the field does not hold text.
    """
    for line_number, line in enumerate(_lines(pieces), start=1):
        if not line.strip().strip(_BYTE_ORDER_MARK):
            continue
        place = f"{name}:{line_number}"
        text = _text_of(_parse(line, place), field, place)
        _check_characters(text, encoding_errors, place)
        yield text_document(text, name=place)


def looks_like_jsonl(line: str) -> bool:
    """Say whether a line is a JSON object with a text under one of its keys."""
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


def _parse(line: str, place: str) -> dict[str, Any]:
    try:
        # Files with byte order marks that were joined have one at each of their beginnings.
        value = json.loads(line.removeprefix(_BYTE_ORDER_MARK))
    except json.JSONDecodeError as error:
        raise DataError(
            f"{place} is not JSON: {error.msg} at column {error.colno}.",
            help=_help_for(line),
        ) from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{place} is not JSON that can be read: {error}.") from error
    if not isinstance(value, dict):
        raise DataError(
            f"{place} is a JSON {type(value).__name__}, not an object with fields.",
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
            f"{place}: the field {field!r} is a {type(text).__name__}, not text.",
            help="Name the field that holds the text with --field.",
        )
    return text


def _check_characters(text: str, encoding_errors: str, place: str) -> None:
    """Refuse half a surrogate pair, which JSON escapes can spell and UTF-8 cannot."""
    try:
        text.encode("utf-8", errors=encoding_errors)
    except UnicodeEncodeError as error:
        raise DataError(
            f"{place}: the text holds a lone surrogate U+{ord(text[error.start]):04X} "
            f"at character {error.start:,}.",
            help="Repair the escape in the file.",
        ) from error

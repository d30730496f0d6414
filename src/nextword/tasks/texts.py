"""What tasks share about texts in files: strict decoding, JSON objects, and fields of a line."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from nextword.base import DataError
from nextword.text import Source, decode_blocks, json_fault

BYTE_ORDER_MARK = "\ufeff"


def strict_pieces(source: Source) -> Iterator[str]:
    """Yield the text of a file, which must be UTF-8.

    Args:
        source: The file.

    Raises:
        DataError: The file is not UTF-8, or damaged.
    """
    yield from decode_blocks(
        source.open_blocks(), name=source.name, encoding_errors=None, may_cut_lines=False
    )


def json_object(text: str, *, place: str, help: str) -> Mapping[str, Any]:
    """Return a JSON object.

    Args:
        text: The object.
        place: File and line, for messages.
        help: What to do if it is another value.

    Raises:
        DataError: It is not a JSON object.
    """
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError(
            f"{place} is not JSON: {json_fault(error)}.",
            help="Each line must be one whole object.",
        ) from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{place} cannot be read as JSON: {error}.") from error
    if not isinstance(values, dict):
        raise DataError(f"{place} is not a JSON object.", help=help)
    return values


def check_characters(texts: Iterable[str], *, place: str) -> None:
    """Refuse lone surrogates, which JSON can escape and UTF-8 cannot encode.

    Args:
        texts: The texts.
        place: File and line, for messages.

    Raises:
        DataError: A text contains a lone surrogate.
    """
    for text in texts:
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise DataError(
                f"{place}: a text contains a lone surrogate U+{ord(text[error.start]):04X} at "
                f"character {error.start:,}.",
                help="Repair the escape in the file.",
            ) from error


def one_field(text: str) -> str:
    r"""Return a text without tabs and line ends, which are written as `\t`, `\n` and `\r`."""
    return text.replace("\t", r"\t").replace("\n", r"\n").replace("\r", r"\r")

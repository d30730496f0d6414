"""Records of JSON lines as bytes: read, checked, and written with added values.

A record is written as it was read, byte for byte, with the values added at its end.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping

from nextword.base import ConfigError, DataError
from nextword.text import parse_record

#: A longer line is refused, because it has to be kept in memory.
MAX_LINE_BYTES = 1 << 25

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def numbered_lines(blocks: Iterable[bytes]) -> Iterator[tuple[int, bytes | None]]:
    r"""Iterate over the lines of a stream of bytes, without line ends, in bounded memory.

    Args:
        blocks: Blocks of bytes, split anywhere.

    Yields:
        Line number from 1, and the line; None for a line of more than `MAX_LINE_BYTES`.

    Example:
        >>> list(numbered_lines([b"a\nb", b"c\n"]))
        [(1, b'a'), (2, b'bc')]
    """
    pending, number, is_too_long = bytearray(), 1, False
    for block in blocks:
        *complete, rest = block.split(b"\n")
        for part in complete:
            pending += part
            is_too_long = is_too_long or len(pending) > MAX_LINE_BYTES
            yield number, None if is_too_long else bytes(pending)
            pending.clear()
            number, is_too_long = number + 1, False
        if not is_too_long:
            pending += rest
        if len(pending) > MAX_LINE_BYTES:
            is_too_long = True
            pending.clear()
    if pending or is_too_long:
        yield number, None if is_too_long else bytes(pending)


def record_text(line: bytes | None, *, name: str, field: str, added: Collection[str]) -> str | None:
    """Return the text of a record; None for a line of white space.

    Args:
        line: The line; None if it was too long.
        name: File and line number, for messages.
        field: Key of the text.
        added: Names of the values that will be added.

    Raises:
        ConfigError: The record already has a value of an added name.
        DataError: The line is too long, is not UTF-8 or not a JSON object, lacks the field, or the
            field is not text.
    """
    if line is None:
        raise DataError(
            f"{name} has more than {MAX_LINE_BYTES:,} bytes; a line has to fit in memory.",
            help="Split the document, or leave bad lines out with --skip-bad.",
        )
    try:
        content = _body(line).decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{name} is not UTF-8: byte 0x{error.object[error.start]:02x} at byte "
            f"{error.start + 1:,} of the line.",
            help="Convert the file, or leave bad lines out with --skip-bad.",
        ) from error
    if not content:
        return None
    record, text = parse_record(content, name=name, field=field, encoding_errors="strict")
    taken = [key for key in added if key in record]
    if taken:
        raise ConfigError(
            f"{name} already has a value {taken[0]!r}.",
            help="Give the added values other names with --prefix, as in --prefix lm_.",
        )
    return text


def with_values(line: bytes, values: Mapping[str, object]) -> bytes:
    r"""Return a record with values added at its end, and a line end.

    Args:
        line: The line of a record that `record_text` accepted.
        values: The values by name; at least one.

    Example:
        >>> with_values(b'{"text": "a"}', {"nll": 1.5})
        b'{"text": "a", "nll": 1.5}\n'
    """
    added = json.dumps(values, ensure_ascii=False, allow_nan=False).encode("utf-8")
    return _body(line)[:-1].rstrip() + b", " + added[1:] + b"\n"


def _body(line: bytes) -> bytes:
    return line.removeprefix(_BYTE_ORDER_MARK).strip(b" \t\r\n")

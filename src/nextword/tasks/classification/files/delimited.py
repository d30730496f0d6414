"""Lines of TSV and CSV files as fields. Knows no columns and no labels."""

import csv
from collections.abc import Iterable, Iterator

from nextword.base import DataError

#: A longer field is an error: a missing quotation mark would otherwise join all lines that follow.
_MAX_FIELD_CHARACTERS = 1 << 25

Fields = tuple[int, list[str]]


def split_records(
    lines: Iterable[str], *, name: str, delimiter: str, is_quoted: bool
) -> Iterator[Fields]:
    r"""Iterate over the records of a TSV or CSV file; blank lines are skipped.

    Args:
        lines: The lines, without "\n".
        name: Name of the file, for messages.
        delimiter: The separator of fields.
        is_quoted: Whether fields may be quoted as in RFC 4180: a quoted field may contain
            delimiters, line ends, and quotation marks written twice.

    Yields:
        The number of the first line of each record, from 1, and its fields.

    Raises:
        DataError: A quoted field does not end, or something follows its end.
    """
    if is_quoted:
        yield from _quoted_records(lines, name=name, delimiter=delimiter)
        return
    for number, line in enumerate(lines, start=1):
        content = line.removesuffix("\r")
        if content:
            yield number, content.split(delimiter)


def _quoted_records(lines: Iterable[str], *, name: str, delimiter: str) -> Iterator[Fields]:
    # The limit is a global setting of the csv module, which has no other way to set it.
    csv.field_size_limit(max(csv.field_size_limit(), _MAX_FIELD_CHARACTERS))
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=delimiter, strict=True)
    while True:
        first_line = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _unreadable(error, name=name, first=first_line, last=reader.line_num) from error
        if fields:
            yield first_line, fields


def _unreadable(error: csv.Error, *, name: str, first: int, last: int) -> DataError:
    reason = str(error)
    if "unexpected end of data" in reason or "field larger" in reason:
        return DataError(
            f"{name}:{first}: a quotation mark opens a field that does not end up to line {last}.",
            help='Write a quotation mark inside a quoted field twice: "".',
        )
    return DataError(
        f"{name}:{last} is not valid CSV: {reason}.",
        help="Quote fields that contain the delimiter, a quotation mark or a line end; write "
        'quotation marks inside them twice: "".',
    )

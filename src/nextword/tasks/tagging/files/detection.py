"""Detect the format and the columns of a tagged file from its first lines."""

import itertools
import re
from collections import Counter
from collections.abc import Sequence

from nextword.base import DataError
from nextword.tasks.tagging.files.layout import (
    CONLLU_COLUMNS,
    Layout,
    column_layout,
    header_names,
)
from nextword.tasks.tagging.files.rows import (
    FileFormat,
    RowSyntax,
    is_blank,
    is_document_start,
    is_other_id,
    is_word_id,
)
from nextword.text import COMPRESSED_SUFFIXES

#: Number of lines that are examined.
EXAMINED_LINES = 100
#: Share of rows that have the same number of fields in a file of columns.
_MIN_SHARE = 0.8

_SUFFIXES = {
    ".conllu": FileFormat.CONLLU,
    ".conll": FileFormat.COLUMNS,
    ".bio": FileFormat.COLUMNS,
    ".iob": FileFormat.COLUMNS,
    ".iob2": FileFormat.COLUMNS,
}

#: The prefix of a label of a span.
_SPAN_LABEL = re.compile(r"[BIOESLUM]-")


def detect_format(lines: Sequence[str], *, name: str) -> FileFormat:
    r"""Detect the format of a file.

    CoNLL-U has 10 columns and ids in the first one. A file has columns if most lines have the
    same number of fields and the last fields look like labels, or sentences are separated by blank
    lines. Everything else is plain text.

    Args:
        lines: The first lines of the file, without a byte order mark.
        name: Name of the file; the suffixes .conllu, .conll, .iob and .bio determine the format.

    Example:
        >>> detect_format(["EU B-ORG\n", "rejects O\n"], name="dev.txt").value
        'columns'
    """
    of_name = [each for suffix, each in _SUFFIXES.items() if _stem(name).endswith(suffix)]
    if of_name:
        return of_name[0]
    rows = [line for line in lines if not is_blank(line) and not line.startswith("#")]
    if any(_is_conllu(row) for row in rows[:1]):
        return FileFormat.CONLLU
    if any(map(is_document_start, lines)) or any(map(header_names, lines)):
        return FileFormat.COLUMNS
    return FileFormat.COLUMNS if _has_columns(lines, rows) else FileFormat.TEXT


def _stem(name: str) -> str:
    lowered = name.lower()
    for suffix in COMPRESSED_SUFFIXES:
        lowered = lowered.removesuffix(suffix)
    return lowered


def _is_conllu(row: str) -> bool:
    fields = row.rstrip("\r\n").split("\t")
    return len(fields) == len(CONLLU_COLUMNS) and (is_word_id(fields[0]) or is_other_id(fields[0]))


def _has_columns(lines: Sequence[str], rows: Sequence[str]) -> bool:
    """Return whether most rows have the same number of fields, and the last ones may be labels.

    A few rows with another number are errors of the file, which the reader reports.
    """
    if not rows:
        return False
    syntax = RowSyntax(has_tabs="\t" in rows[0])
    fields = [syntax.split(row) for row in rows]
    if syntax.has_tabs and all("\t" in row for row in rows):
        return True
    (num_fields, count), *_ = Counter(map(len, fields)).most_common(1)
    if count < _MIN_SHARE * len(rows):
        return False
    last = [each[-1] for each in fields if len(each) == num_fields]
    has_blank_lines = any(map(is_blank, lines[:-1])) and _has_long_blocks(lines)
    # Words alone, one a line, if blank lines separate the sentences.
    looks_like_labels = (
        num_fields > 1 and any(map(_has_capital, last)) and all(map(_may_be_label, last))
    )
    return len(rows) > 1 and (has_blank_lines or looks_like_labels)


def _has_long_blocks(lines: Sequence[str]) -> bool:
    """Return whether at least half of the blocks between blank lines have several lines.

    In plain text with empty lines between the sentences, each line is a block.
    """
    sizes = [
        sum(1 for _ in block)
        for is_gap, block in itertools.groupby(lines, key=is_blank)
        if not is_gap
    ]
    return sum(size > 1 for size in sizes) * 2 >= len(sizes)


def _has_capital(field: str) -> bool:
    return any(map(str.isupper, field))


def _may_be_label(field: str) -> bool:
    """Return whether a field has the form of a label such as O, NOUN, PRP$ or B-person.

    Words such as "Oslo" have not: sentences of equal length that end in names are plain text.
    """
    return _SPAN_LABEL.match(field) is not None or not any(map(str.islower, field))


def detect_layout(
    lines: Sequence[str], *, format: FileFormat, column: str | int | None, name: str
) -> Layout:
    """Find the columns of a file with one word a line.

    Args:
        lines: The first lines of the file, without a byte order mark.
        format: The format of the file.
        column: The label column, as in `column_layout`.
        name: Name of the file for messages.

    Raises:
        ConfigError: No column has the name, or the column is that of the words.
        DataError: The file has no rows.
    """
    rows = [line for line in lines if not is_blank(line) and not is_document_start(line)]
    names = next(filter(None, map(header_names, rows)), None)
    row = next((line for line in rows if not line.startswith("#")), rows[0] if rows else "")
    if not row or header_names(row) is not None:
        raise no_sentences(name)
    if format is FileFormat.CONLLU:
        syntax, num_columns = RowSyntax(has_tabs=True), len(CONLLU_COLUMNS)
        names = None
    else:
        syntax = RowSyntax(has_tabs="\t" in row)
        num_columns = len(syntax.split(row))
    return column_layout(
        format=format,
        syntax=syntax,
        num_columns=num_columns,
        names=names,
        column=column,
        file=name,
    )


def no_labels(lines: Sequence[str], *, name: str) -> DataError:
    """Return the error for a file without columns where labels are needed.

    Args:
        lines: The first lines of the file.
        name: Name of the file.
    """
    numbers = [(index, len(line.split())) for index, line in enumerate(lines, 1) if line.split()]
    first = next(iter(numbers), None)
    other = next((each for each in numbers if first is not None and each[1] != first[1]), None)
    if first is None:
        return no_sentences(name)
    found = f"{name} is plain text and has no labels"
    if other is not None:
        found += f": line {first[0]} has {first[1]} fields, and line {other[0]} has {other[1]}"
    return DataError(
        f"{found}.",
        help="Name a CoNLL-U file or a file of columns. If it is one, correct that line, or choose "
        "the format columns.",
    )


def no_sentences(name: str) -> DataError:
    """Return the error for a file without sentences."""
    return DataError(
        f"{name} contains no sentences.", help="Check that it is the file that you meant."
    )

"""Detect the format and the columns of a tagged file from its first lines."""

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

_SUFFIXES = {
    ".conllu": FileFormat.CONLLU,
    ".conll": FileFormat.COLUMNS,
    ".bio": FileFormat.COLUMNS,
    ".iob": FileFormat.COLUMNS,
    ".iob2": FileFormat.COLUMNS,
}


def detect_format(lines: Sequence[str], *, name: str) -> FileFormat:
    r"""Detect the format of a file.

    CoNLL-U has 10 columns and ids in the first one. A file has columns if each line has the same
    number of fields and the last fields look like labels, or sentences are separated by blank
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
    syntax = RowSyntax(has_tabs=bool(rows) and "\t" in rows[0])
    fields = [syntax.split(row) for row in rows]
    if len({len(each) for each in fields}) != 1:
        return False
    last = [each[-1] for each in fields]
    has_blank_lines = any(map(is_blank, lines[:-1]))
    if len(fields[0]) == 1:
        # Words alone, one a line, if blank lines separate the sentences.
        return has_blank_lines and len(rows) > 1
    if syntax.has_tabs:
        return True
    looks_like_labels = any(map(_has_capital, last)) and not any(map(str.islower, last))
    return len(rows) > 1 and (has_blank_lines or looks_like_labels)


def _has_capital(field: str) -> bool:
    return any(map(str.isupper, field))


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


def no_sentences(name: str) -> DataError:
    """Return the error for a file without sentences."""
    return DataError(
        f"{name} contains no sentences.", help="Check that it is the file that you meant."
    )

"""Read texts and labels from files and standard input, one row at a time."""

import logging
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import PurePath

from nextword.base import DataError
from nextword.tasks.classification.files.columns import (
    ColumnsConfig,
    Layout,
    columns_text,
    resolve_layout,
)
from nextword.tasks.classification.files.delimited import Fields, split_records
from nextword.tasks.classification.files.json_rows import json_rows
from nextword.tasks.classification.files.rows import TextRow, checked_labels
from nextword.text import ByteStream, Document, open_corpus, text_lines
from nextword.text.content import COMPRESSED_SUFFIXES

_SUFFIXES = {
    ".tsv": "tsv",
    ".tab": "tsv",
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".ft": "fasttext",
}
_LABEL_PREFIX = "__label__"

_logger = logging.getLogger(__name__)


def read_rows(
    files: Sequence[str],
    columns: ColumnsConfig,
    *,
    multi_label: bool = False,
    with_labels: bool = True,
    standard_input: ByteStream | None = None,
    is_read_once: bool = False,
) -> Iterator[TextRow]:
    """Iterate over the rows of files, in order and in constant memory.

    A notice says for each file which columns are used.

    Args:
        files: Files, folders, globs, or `-` for standard input; they may be compressed.
        columns: The format, and the columns.
        multi_label: Whether a text may have any number of labels.
        with_labels: Whether labels are read. Without labels, a file whose format is not known
            from its name is read as plain lines, unless a column is named.
        standard_input: Stream for `-`.
        is_read_once: Whether standard input is read as it arrives and not kept.

    Raises:
        DataError: A file is missing, empty or damaged, lacks a column, or has a line with another
            number of columns.
    """
    corpus = open_corpus(
        files,
        encoding_errors=None,
        standard_input=standard_input,
        is_read_once=is_read_once,
        keeps_lines=True,
    )
    for document in corpus:
        num_rows = 0
        for row in _rows(document, columns, multi_label=multi_label, with_labels=with_labels):
            num_rows += 1
            yield row
        if not num_rows and with_labels:
            raise DataError(
                f"{document.name} has no texts.", help="Name a file with texts and labels."
            )


def _rows(
    document: Document, columns: ColumnsConfig, *, multi_label: bool, with_labels: bool
) -> Iterator[TextRow]:
    name = document.name
    lines = text_lines(document.pieces(), name=name)
    first = next(lines, None)
    if first is None:
        if with_labels:
            raise DataError(f"{name} is empty.", help="Name a file with texts and labels.")
        return
    kind = _format(name, first, columns, with_labels=with_labels)
    lines = chain([first], lines)
    if kind == "lines":
        yield from _plain_rows(lines, name=name, with_labels=with_labels)
    elif kind == "jsonl":
        yield from json_rows(
            lines, columns, name=name, multi_label=multi_label, with_labels=with_labels
        )
    elif kind == "fasttext":
        yield from _fasttext_rows(
            lines, name=name, multi_label=multi_label, with_labels=with_labels
        )
    else:
        records = split_records(
            lines,
            name=name,
            delimiter="," if kind == "csv" else "\t",
            is_quoted=kind == "csv" or columns.quotes,
        )
        yield from _table_rows(
            records, columns, name=name, multi_label=multi_label, with_labels=with_labels
        )


def _format(name: str, first: str, columns: ColumnsConfig, *, with_labels: bool) -> str:
    """Return the format of a file, from the settings, its name or its first line."""
    if columns.format != "auto":
        return columns.format
    path = PurePath(name)
    if path.suffix.lower() in COMPRESSED_SUFFIXES:
        path = PurePath(path.stem)
    known = _SUFFIXES.get(path.suffix.lower())
    if known is not None:
        return known
    if not with_labels and columns.text is None:
        return "lines"
    if first.lstrip().startswith("{"):
        return "jsonl"
    if first.startswith(_LABEL_PREFIX):
        return "fasttext"
    for delimiter, kind in (("\t", "tsv"), (",", "csv")):
        if delimiter in first:
            return kind
    raise DataError(
        f"{name}:1 has neither a tab nor a comma, so the format of the file is unknown.",
        help="Name it: --set columns.format=tsv, csv, jsonl or fasttext.",
    )


def _table_rows(
    records: Iterator[Fields],
    columns: ColumnsConfig,
    *,
    name: str,
    multi_label: bool,
    with_labels: bool,
) -> Iterator[TextRow]:
    first = next(records, None)
    if first is None:
        return
    layout = resolve_layout(first[1], columns, with_labels=with_labels, place=f"{name}:{first[0]}")
    _logger.info("%s: %s", name, layout.description, extra={"notice": True})
    if not layout.has_header:
        records = chain([first], records)
    num_rows = 0
    for number, fields in records:
        num_rows += 1
        yield _row(
            fields,
            layout,
            separator=columns.label_separator if multi_label else None,
            place=f"{name}:{number}",
        )
    if not num_rows and with_labels:
        raise DataError(
            f"{name} has only one line, which names the columns.",
            help="If it is a text with its label, use --set columns.header=no.",
        )


def _row(fields: list[str], layout: Layout, *, separator: str | None, place: str) -> TextRow:
    """Return a row of a table.

    Args:
        fields: Its fields.
        layout: The columns.
        separator: Separator of several labels; None if a text has one label.
        place: File and line, for messages.
    """
    if len(fields) != layout.num_columns:
        raise DataError(
            f"{place} has {columns_text(len(fields))}, but the first line has "
            f"{layout.num_columns}.",
            help="Correct the line. If fields are quoted, use --set columns.format=csv, or "
            "--set columns.quotes=true for a TSV file.",
        )
    labels: tuple[str, ...] = ()
    if layout.label is not None:
        field = fields[layout.label]
        found = [field] if separator is None else field.split(separator)
        labels = checked_labels(found, multi_label=separator is not None, place=place)
    return TextRow(text=fields[layout.text], labels=labels, place=place)


def _plain_rows(lines: Iterator[str], *, name: str, with_labels: bool) -> Iterator[TextRow]:
    if with_labels:
        raise DataError(
            f"{name} is read as plain lines, which have no labels.",
            help="Use --set columns.format=tsv, csv, jsonl or fasttext.",
        )
    for number, line in enumerate(lines, start=1):
        yield TextRow(text=line.removesuffix("\r"), place=f"{name}:{number}")


def _fasttext_rows(
    lines: Iterator[str], *, name: str, multi_label: bool, with_labels: bool
) -> Iterator[TextRow]:
    """Iterate over lines that begin with labels such as `__label__sport`."""
    for number, line in enumerate(lines, start=1):
        words = line.split()
        if not words:
            continue
        place = f"{name}:{number}"
        num_labels = next(
            (i for i, word in enumerate(words) if not word.startswith(_LABEL_PREFIX)), len(words)
        )
        labels: tuple[str, ...] = ()
        if with_labels:
            found = [word.removeprefix(_LABEL_PREFIX) for word in words[:num_labels]]
            labels = checked_labels(found, multi_label=multi_label, place=place)
        yield TextRow(text=" ".join(words[num_labels:]), labels=labels, place=place)

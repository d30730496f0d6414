"""Which columns contain the text and the label, and whether the first line names the columns."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from nextword.base import DataError, did_you_mean, require, settings, shortened

#: Names by which the columns are recognized without being named by the user, in lower case.
TEXT_NAMES = (
    *("text", "sentence", "review", "content", "comment", "message", "tweet", "body"),
    *("document", "description", "title", "question"),
)
LABEL_NAMES = (
    *("label", "labels", "class", "category", "categories", "sentiment", "target", "topic"),
    *("intent", "tag", "tags", "rating", "stars", "score"),
)
_NAME = re.compile(r"[^\W\d][\w.-]{0,39}")
_MAX_SHOWN_COLUMNS = 12
_HOW_TO_NAME = "Name them with --text-column and --label-column; columns are numbered from 1."


@settings("columns")
@dataclass(frozen=True, kw_only=True)
class ColumnsConfig:
    """`columns.*`: the format of files, and their columns.

    Attributes:
        format: `tsv`, `csv`, `jsonl`, `fasttext` (`__label__x text`), `lines` (each line is a text
            without a label), or `auto`: from the name of the file, or else from its first line.
        text: Column of the text: a name, or a number from 1.
        label: Column of the label: a name, or a number from 1.
        header: Whether the first line names the columns: `yes`, `no` or `auto`.
        quotes: Whether a field of a TSV file may be quoted, as in CSV files.
        label_separator: Separator of the labels in a column of a TSV or CSV file, if a text may
            have several.
    """

    format: Literal["auto", "tsv", "csv", "jsonl", "fasttext", "lines"] = "auto"
    text: str | int | None = None
    label: str | int | None = None
    header: Literal["auto", "yes", "no"] = "auto"
    quotes: bool = False
    label_separator: str = ","

    def __post_init__(self) -> None:
        require(
            bool(self.label_separator), "label_separator is empty.", help='Use ",", ";" or "|".'
        )
        require(
            self.text is None or self.text != self.label,
            f"text and label are both column {self.text!r}.",
            help=_HOW_TO_NAME,
        )


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where the text and the label of each line are.

    Attributes:
        has_header: Whether the first line names the columns.
        text: Index of the column of the text.
        label: Index of the column of the label; None if labels are not read.
        num_columns: Number of columns of every line.
        description: The decision in words.
    """

    has_header: bool
    text: int
    label: int | None
    num_columns: int
    description: str


def resolve_layout(
    first: Sequence[str], columns: ColumnsConfig, *, with_labels: bool, place: str
) -> Layout:
    """Decide which columns are used, from the first line.

    Args:
        first: The fields of the first line.
        columns: The settings.
        with_labels: Whether labels are read.
        place: File and line of the first line, for messages.

    Raises:
        DataError: A column is missing, or cannot be determined.
    """
    has_header = _has_header(first, columns, with_labels=with_labels)
    finder = _Finder(first, has_header=has_header, place=place)
    text, label = finder.find(columns.text), finder.find(columns.label) if with_labels else None
    if has_header:
        text = finder.known(TEXT_NAMES, but=label) if text is None else text
        if with_labels and label is None:
            label = finder.known(LABEL_NAMES, but=text)
    text, label = finder.completed(text, label, with_labels=with_labels)
    if text == label:
        raise DataError(
            f"{place}: the text and the label are both column {text + 1}.", help=_HOW_TO_NAME
        )
    parts = [finder.described("text", text)]
    if label is not None:
        parts.append(finder.described("label", label))
    start = "the first line names the columns" if has_header else "no header"
    return Layout(
        has_header=has_header,
        text=text,
        label=label,
        num_columns=len(first),
        description=f"{start}; {', '.join(parts)}",
    )


def as_number(column: str | int | None) -> int | None:
    """Return the number that a column is named by; None if it is a name."""
    if isinstance(column, int):
        return column
    is_number = column is not None and column.isascii() and column.isdecimal()
    return int(column) if is_number and column is not None else None


def _has_header(first: Sequence[str], columns: ColumnsConfig, *, with_labels: bool) -> bool:
    """Return whether the first line names the columns."""
    if columns.header != "auto":
        return columns.header == "yes"
    named = [columns.text, *([columns.label] if with_labels else [])]
    if any(column is not None and as_number(column) is None for column in named):
        return True
    if not all(_NAME.fullmatch(field.strip()) or not field.strip() for field in first):
        return False
    return any(field.strip().lower() in TEXT_NAMES + LABEL_NAMES for field in first)


class _Finder:
    """Finds columns by name or number in a first line."""

    def __init__(self, first: Sequence[str], *, has_header: bool, place: str) -> None:
        self._names = [field.strip() for field in first]
        self._has_header = has_header
        self._place = place

    def find(self, column: str | int | None) -> int | None:
        """Return the index of a column that the user named; None if the user did not."""
        if column is None:
            return None
        number = as_number(column)
        if number is not None:
            return self._numbered(number)
        name = str(column)
        if not self._has_header:
            raise DataError(
                f"{self._place}: column {shortened(name)} is a name, but the file has no header.",
                help="Use the number of the column, or --set columns.header=yes.",
            )
        if name not in self._names:
            raise DataError(
                f"{self._place} has no column {shortened(name)}; its columns are {self._shown()}.",
                help=did_you_mean(name, self._names),
            )
        if self._names.count(name) > 1:
            raise DataError(
                f"{self._place} has {self._names.count(name)} columns named {shortened(name)}.",
                help="Use the number of the column; columns are numbered from 1.",
            )
        return self._names.index(name)

    def _numbered(self, number: int) -> int:
        if not 1 <= number <= len(self._names):
            raise DataError(
                f"{self._place} has {columns_text(len(self._names))}; there is no column {number}.",
                help="Columns are numbered from 1. Check --text-column, --label-column and the "
                "format of the file (--set columns.format=tsv).",
            )
        return number - 1

    def known(self, names: Sequence[str], *, but: int | None) -> int | None:
        """Return the index of the first column with a usual name, except one column."""
        lowered = [name.lower() for name in self._names]
        for name in names:
            if name in lowered and lowered.index(name) != but:
                return lowered.index(name)
        return None

    def completed(
        self, text: int | None, label: int | None, *, with_labels: bool
    ) -> tuple[int, int | None]:
        """Return both columns; a column that is not known is the only one left."""
        number = len(self._names)
        if not with_labels:
            if text is None and number > 1 and (self._has_header or number > 2):
                raise self._undecided("text")
            return (0 if text is None else text), None
        if number == 2:
            if text is None:
                text = 0 if label is None else 1 - label
            return text, (1 - text if label is None else label)
        if text is None:
            raise self._undecided("text")
        if label is None:
            raise self._undecided("label")
        return text, label

    def _undecided(self, what: str) -> DataError:
        if len(self._names) == 1:
            return DataError(
                f"{self._place} has 1 column; a text and a label are expected.",
                help="Check the format of the file: --set columns.format=tsv, csv, jsonl or "
                "fasttext.",
            )
        if self._has_header:
            message = f"its columns are {self._shown()}; none of them is known to be the {what}."
        else:
            message = f"it has {columns_text(len(self._names))} and no header."
        return DataError(f"{self._place}: {message}", help=_HOW_TO_NAME)

    def described(self, what: str, index: int) -> str:
        name = f" ({self._names[index]})" if self._has_header else ""
        return f"{what} in column {index + 1}{name}"

    def _shown(self) -> str:
        names = [shortened(name) for name in self._names[:_MAX_SHOWN_COLUMNS]]
        more = len(self._names) - len(names)
        return ", ".join(names) + (f" and {more} more" if more > 0 else "")


def columns_text(number: int) -> str:
    """Return a number of columns in words, such as "2 columns"."""
    return "1 column" if number == 1 else f"{number} columns"

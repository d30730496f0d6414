"""The columns of a tagged file, and which of them are words and labels."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nextword.base import ConfigError, DataError, did_you_mean
from nextword.tasks.tagging.files.rows import FileFormat, RowSyntax

CONLLU_COLUMNS = (
    "id",
    "form",
    "lemma",
    "upos",
    "xpos",
    "feats",
    "head",
    "deprel",
    "deps",
    "misc",
)
#: Columns of CoNLL-U in which `_` is a value: the word has no feature or note.
_MAY_BE_UNDERSCORE = frozenset({"feats", "deps", "misc"})

_LEMMA = "lemma"
_DEFAULT_CONLLU_COLUMN = "upos"
#: Names of the columns of files without a header, by the number of columns.
_USUAL_NAMES: dict[int, tuple[tuple[str, ...], ...]] = {
    1: (("form", "word", "token"),),
    2: (("form", "word", "token"), ("label", "tag", "pos", "chunk", "ner", "upos", "xpos")),
    3: (("form", "word", "token"), ("pos", "upos", "xpos"), ("label", "tag", "ner", "chunk")),
    4: (
        ("form", "word", "token"),
        ("pos", "upos", "xpos"),
        ("chunk",),
        ("label", "tag", "ner"),
    ),
}
_WORD_NAMES = ("form", "word", "words", "token", "tokens", "text")
_HEADER = re.compile(r"#\s*(?:global\.)?columns\s*=\s*(.*)", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?[0-9]+")


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The columns of a file.

    Attributes:
        format: The format of the file.
        syntax: How rows are split into fields.
        num_columns: Number of fields of each row.
        word_index: Index of the words.
        label_index: Index of the labels; not less than `num_columns` if the file has none.
        label_name: Name of the label column for messages, such as `column 4 (ner)`.
        id_index: Index of the ids of CoNLL-U, or None.
        may_be_underscore: Whether `_` is a label, and not a missing one.
        is_lemma: Whether the labels are lemmas: that of the word `_` is `_`.
    """

    format: FileFormat
    syntax: RowSyntax
    num_columns: int
    word_index: int
    label_index: int
    label_name: str
    id_index: int | None = None
    may_be_underscore: bool = False
    is_lemma: bool = False

    @property
    def has_labels(self) -> bool:
        """Whether the file has the column of the labels."""
        return self.label_index < self.num_columns


def header_names(line: str) -> list[str] | None:
    """Return the names of the columns, in lower case, if a comment names them."""
    match = _HEADER.match(line)
    return None if match is None else match[1].lower().split()


def column_layout(
    *,
    format: FileFormat,
    syntax: RowSyntax,
    num_columns: int,
    names: Sequence[str] | None,
    column: str | int | None,
    file: str,
) -> Layout:
    """Find the columns of the words and of the labels.

    Args:
        format: The format of the file.
        syntax: How rows are split into fields.
        num_columns: Number of fields of the first row.
        names: Names of the columns, if a comment of the file has them.
        column: Name of the label column, or its number from 1, or from -1 for the last. If None,
            `upos` in CoNLL-U and the last column otherwise.
        file: Name of the file for messages.

    Raises:
        ConfigError: No column has the name, or the column is that of the words.
        DataError: The number of names is not that of the columns.
    """
    if names is not None and len(names) != num_columns:
        raise DataError(
            f"{file} has {num_columns} columns, and its header names {len(names)}: "
            f"{' '.join(names)}.",
            help="Correct the header, or remove it and name the column by its number.",
        )
    known = _names(format, num_columns, names)
    word_index = next((known[name] for name in _WORD_NAMES if name in known), 0)
    label_index = _label_index(format, known, num_columns=num_columns, column=column, file=file)
    if label_index == word_index and num_columns > 1:
        raise ConfigError(
            f"column {column} of {file} contains the words, not labels.",
            help=f"Name another one: {_choices(known, num_columns)}.",
            setting="tagging.column",
        )
    name = next((name for name, index in known.items() if index == label_index), None)
    is_known = name is not None and (names is not None or format is FileFormat.CONLLU)
    return Layout(
        format=format,
        syntax=syntax,
        num_columns=num_columns,
        word_index=word_index,
        # A file of words alone: labels are appended.
        label_index=max(label_index, word_index + 1) if num_columns == 1 else label_index,
        label_name=f"column {label_index + 1}" + (f" ({name})" if is_known else ""),
        id_index=known.get("id"),
        may_be_underscore=is_known and name in _MAY_BE_UNDERSCORE,
        is_lemma=is_known and name == _LEMMA,
    )


def _names(format: FileFormat, num_columns: int, names: Sequence[str] | None) -> dict[str, int]:
    if names is not None:
        return {name: index for index, name in enumerate(names)}
    if format is FileFormat.CONLLU:
        return {name: index for index, name in enumerate(CONLLU_COLUMNS)}
    usual = _USUAL_NAMES.get(num_columns, ())
    return {name: index for index, group in enumerate(usual) for name in group}


def _label_index(
    format: FileFormat,
    known: dict[str, int],
    *,
    num_columns: int,
    column: str | int | None,
    file: str,
) -> int:
    if column is None:
        if format is FileFormat.CONLLU:
            return known[_DEFAULT_CONLLU_COLUMN]
        return num_columns - 1
    text = str(column).strip().lower()
    if _NUMBER.fullmatch(text):
        return _numbered(int(text), num_columns=num_columns, file=file)
    if text in known:
        return known[text]
    if num_columns == 1:
        return 1
    raise ConfigError(
        f"{file} has no column {column!r}. Its {num_columns} columns are: "
        f"{_choices(known, num_columns)}.",
        help=did_you_mean(text, known) if known else "Name the column by its number.",
        setting="tagging.column",
    )


def _numbered(number: int, *, num_columns: int, file: str) -> int:
    if number == 0:
        raise ConfigError(
            f"the column is 0; the columns of {file} are numbered from 1 to {num_columns}, or from "
            "-1 for the last one.",
            setting="tagging.column",
        )
    if number > 0:
        return number - 1
    if -number > num_columns:
        raise ConfigError(
            f"{file} has no column {number}: it has {num_columns} columns.",
            help=f"Choose one between -1 and {-num_columns}, or between 1 and {num_columns}.",
            setting="tagging.column",
        )
    return num_columns + number


def _choices(known: dict[str, int], num_columns: int) -> str:
    by_index: dict[int, list[str]] = {index: [] for index in range(num_columns)}
    for name, index in known.items():
        by_index.setdefault(index, []).append(name)
    return ", ".join(
        f"{index + 1} ({' or '.join(names)})" if names else str(index + 1)
        for index, names in by_index.items()
    )

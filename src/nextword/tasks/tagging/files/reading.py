"""Read tagged files sentence by sentence. Knows nothing of models."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from nextword.base import DataError
from nextword.tasks.tagging.files.detection import (
    EXAMINED_LINES,
    detect_format,
    detect_layout,
    no_sentences,
)
from nextword.tasks.tagging.files.layout import Layout
from nextword.tasks.tagging.files.rows import (
    FileFormat,
    is_blank,
    is_document_start,
    is_other_id,
    is_word_id,
    without_mark,
)
from nextword.tasks.tagging.files.sentence import Sentence
from nextword.text import ByteStream, Source, decode_blocks, open_sources

_FIELD_SEPARATORS = {True: "tab-separated columns", False: "columns"}


@dataclass(frozen=True, kw_only=True)
class TaggedFile:
    """A file, or standard input, with sentences.

    Attributes:
        name: Name for messages.
        source: The content.
        format: The format; detected from the first 100 lines if None.
        column: Name or number of the label column, as in `column_layout`.
        encoding_errors: `strict`, or `surrogateescape` to keep bytes that are not UTF-8.
    """

    name: str
    source: Source = field(repr=False)
    format: FileFormat | None = None
    column: str | int | None = None
    encoding_errors: str = "strict"

    def sentences(self, *, needs_labels: bool = True) -> Iterator[Sentence]:
        """Iterate over the sentences from the start, with one of them in memory.

        A sentence with one word a line is returned when the next one begins.

        Args:
            needs_labels: Whether a missing label is an error.

        Raises:
            ConfigError: The file has no such column.
            DataError: The file cannot be read, has no sentences, a row has too many or too few
                columns, or a label is missing.
        """
        lines = self._lines()
        beginning: list[str] = []
        # Interactive input must not wait for more lines than necessary.
        if self.format is not FileFormat.TEXT:
            beginning = _beginning(lines, is_short=self.format is not None)
        head = [without_mark(line) if not index else line for index, line in enumerate(beginning)]
        format = self.format or detect_format(head, name=self.name)
        lines = itertools.chain(beginning, lines)
        if format is FileFormat.TEXT:
            if needs_labels:
                raise DataError(
                    f"{self.name} is plain text and has no labels.",
                    help="Name a CoNLL-U file or a file of columns; if it is one, choose its "
                    "format.",
                )
            found = self._text_sentences(lines)
        else:
            layout = detect_layout(head, format=format, column=self.column, name=self.name)
            found = _Reader(self.name, layout, needs_labels=needs_labels).sentences(lines)
        is_empty = True
        for sentence in found:
            is_empty = False
            yield sentence
        if is_empty:
            raise no_sentences(self.name)

    def _lines(self) -> Iterator[str]:
        """Iterate over the lines with their line ends; only a newline ends a line."""
        pieces = decode_blocks(
            self.source.open_blocks(),
            name=self.name,
            encoding_errors=self.encoding_errors,
            may_cut_lines=False,
            keeps_mark=True,
        )
        for piece in pieces:
            *complete, rest = piece.split("\n")
            for line in complete:
                yield line + "\n"
            if rest:
                yield rest

    def _text_sentences(self, lines: Iterator[str]) -> Iterator[Sentence]:
        for number, line in enumerate(lines, start=1):
            words = tuple((without_mark(line) if number == 1 else line).split())
            if words:
                yield Sentence(
                    words=words,
                    labels=None,
                    file=self.name,
                    first_line=number,
                    lines=(line,),
                    rows=(0,) * len(words),
                )


def open_tagged_files(
    specs: Sequence[str],
    *,
    format: FileFormat | None = None,
    column: str | int | None = None,
    encoding_errors: str = "strict",
    standard_input: ByteStream | None = None,
) -> list[TaggedFile]:
    """Find the files that the user named.

    Args:
        specs: Files, folders, globs, or `-` for standard input.
        format: The format of all files; detected for each file if None.
        column: Name or number of the label column.
        encoding_errors: `strict`, or `surrogateescape` to keep bytes that are not UTF-8.
        standard_input: Stream for `-`. It is read during iteration, only once, and not kept.

    Raises:
        DataError: A file is missing, or a folder contains no text.
    """
    sources = open_sources(specs, field=None, standard_input=standard_input, is_read_once=True)
    return [
        TaggedFile(
            name=source.name,
            source=source,
            format=format,
            column=column,
            encoding_errors=encoding_errors,
        )
        for source in sources
    ]


def _beginning(lines: Iterator[str], *, is_short: bool) -> list[str]:
    """Return the first 100 lines, or with `is_short` those up to the first row."""
    beginning: list[str] = []
    has_row = False
    for line in lines:
        beginning.append(line)
        text = without_mark(line)
        has_row |= not (is_blank(text) or is_document_start(text) or text.startswith("#"))
        if has_row and (is_short or len(beginning) >= EXAMINED_LINES):
            break
    return beginning


class _Reader:
    """Collects the lines of a file into sentences."""

    def __init__(self, name: str, layout: Layout, *, needs_labels: bool) -> None:
        self._name = name
        self._layout = layout
        self._needs_labels = needs_labels
        self._start(1, [])

    def _start(self, first_line: int, lines: list[str]) -> None:
        self._first_line = first_line
        self._lines = lines
        self._rows: list[int] = []
        self._words: list[str] = []
        self._labels: list[str | None] = []
        # Lines after the end of the sentence: of the next one, if there is one.
        self._following: list[str] = []
        self._is_complete = False

    def sentences(self, lines: Iterator[str]) -> Iterator[Sentence]:
        for number, line in enumerate(lines, start=1):
            content = without_mark(line) if number == 1 else line
            if self._ends_sentence(content):
                self._append(line)
                self._is_complete = bool(self._words)
            elif self._is_comment(content):
                self._append(line)
            else:
                if self._is_complete:
                    yield self._sentence()
                    self._start(number - len(self._following), self._following)
                self._add_row(content, number)
                self._lines.append(line)
        self._lines += self._following
        if self._words:
            yield self._sentence()

    def _append(self, line: str) -> None:
        (self._following if self._is_complete else self._lines).append(line)

    def _ends_sentence(self, line: str) -> bool:
        is_columns = self._layout.format is FileFormat.COLUMNS
        return is_blank(line) or (is_columns and is_document_start(line))

    def _is_comment(self, line: str) -> bool:
        """Return whether a line is a comment, and not a row whose word begins with `#`."""
        if not line.startswith("#"):
            return False
        if self._layout.format is FileFormat.CONLLU:
            return True
        is_inside = bool(self._words) and not self._is_complete
        fields = self._layout.syntax.split(line)
        is_row = len(fields) == self._layout.num_columns and "=" not in fields[1:2]
        return not (is_inside or is_row)

    def _add_row(self, line: str, number: int) -> None:
        layout = self._layout
        fields = layout.syntax.split(line)
        if len(fields) != layout.num_columns:
            self._refuse_ragged(fields, number)
        if layout.id_index is not None:
            if is_other_id(fields[layout.id_index]):
                return
            self._check_id(fields[layout.id_index], number)
        word = fields[layout.word_index]
        if not word:
            raise DataError(f"{self._name}:{number} has an empty word.")
        self._words.append(word)
        self._rows.append(len(self._lines))
        label = fields[layout.label_index] if layout.has_labels else None
        if not label or (label == "_" and not layout.may_be_underscore and word != "_"):
            label = self._missing(label, number)
        self._labels.append(label)

    def _missing(self, label: str | None, number: int) -> None:
        if not self._needs_labels:
            return
        column = self._layout.label_name
        if label is None:
            raise DataError(
                f"{self._name}:{number} has {self._layout.num_columns} columns and no {column}: "
                "it has no labels.",
                help="Choose another column with --column, or name a file with labels.",
            )
        raise DataError(
            f"{self._name}:{number} has no label: {column} is {label!r}.",
            help="Choose another column with --column, or complete the file.",
        )

    def _check_id(self, text: str, number: int) -> None:
        if not is_word_id(text):
            raise DataError(
                f"{self._name}:{number} has the id {text!r}, which is not a number.",
                help="The first column of CoNLL-U is the number of the word, a range such as 3-4, "
                "or the number of an empty node such as 8.1.",
            )

    def _refuse_ragged(self, fields: Sequence[str], number: int) -> NoReturn:
        layout = self._layout
        expected = "CoNLL-U has" if layout.format is FileFormat.CONLLU else "the first row has"
        separated = _FIELD_SEPARATORS[layout.syntax.has_tabs]
        raise DataError(
            f"{self._name}:{number} has {len(fields)} {separated}; {expected} "
            f"{layout.num_columns}.",
            help="Correct the line; a blank line separates sentences.",
        )

    def _sentence(self) -> Sentence:
        labels = [label for label in self._labels if label is not None]
        return Sentence(
            words=tuple(self._words),
            labels=tuple(labels) if len(labels) == len(self._words) else None,
            file=self._name,
            first_line=self._first_line,
            lines=tuple(self._lines),
            rows=tuple(self._rows),
            layout=self._layout,
        )

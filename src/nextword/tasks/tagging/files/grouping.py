"""Group the lines of a file with one word a line into sentences. Knows nothing of files."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NoReturn

from nextword.base import DataError
from nextword.tasks.tagging.files.layout import Layout
from nextword.tasks.tagging.files.rows import (
    FileFormat,
    is_blank,
    is_document_start,
    is_other_id,
    is_setting,
    is_word_id,
    without_mark,
)
from nextword.tasks.tagging.files.sentence import Sentence

_FIELD_SEPARATORS = {True: "tab-separated ", False: ""}


class SentenceReader:
    """Collects the lines of a file into sentences.

    Args:
        name: Name of the file.
        layout: The columns of the file.
        needs_labels: Whether a missing label is an error.
    """

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

    def sentences(self, lines: Iterable[str]) -> Iterator[Sentence]:
        """Iterate over the sentences; each is returned when the next one begins.

        Args:
            lines: All lines of the file, with their line ends.

        Raises:
            DataError: A row has too many or too few columns, or a label is missing.
        """
        for number, line in enumerate(lines, start=1):
            content = without_mark(line) if number == 1 else line
            fields = self._word_fields(content, number)
            if fields is not None:
                if self._is_complete:
                    yield self._sentence()
                    self._start(number - len(self._following), self._following)
                self._add_word(fields, number)
            (self._following if self._is_complete else self._lines).append(line)
            if self._words and self._ends_sentence(content):
                self._is_complete = True
        self._lines += self._following
        if self._words:
            yield self._sentence()

    def _word_fields(self, line: str, number: int) -> list[str] | None:
        """Return the fields of the row of a word; None for every other line."""
        if self._ends_sentence(line) or self._is_comment(line):
            return None
        fields = self._layout.syntax.split(line)
        if len(fields) != self._layout.num_columns:
            self._refuse_ragged(fields, number)
        return fields if self._is_word(fields, number) else None

    def _ends_sentence(self, line: str) -> bool:
        is_columns = self._layout.format is FileFormat.COLUMNS
        return is_blank(line) or (is_columns and is_document_start(line))

    def _is_comment(self, line: str) -> bool:
        """Return whether a line is a comment, and not a row whose word begins with `#`."""
        if not line.startswith("#"):
            return False
        if self._layout.format is FileFormat.CONLLU:
            return True
        has_columns = len(self._layout.syntax.split(line)) == self._layout.num_columns
        if self._words and not self._is_complete:
            return is_setting(line) and not has_columns
        return is_setting(line) or not has_columns

    def _is_word(self, fields: Sequence[str], number: int) -> bool:
        """Return whether a row is a word, and not a multiword token or an empty node."""
        index = self._layout.id_index
        if index is None:
            return True
        if is_other_id(fields[index]):
            return False
        if not is_word_id(fields[index]):
            raise DataError(
                f"{self._name}:{number} has the id {fields[index]!r}, which is not a number.",
                help="The first column of CoNLL-U is the number of the word, a range such as 3-4, "
                "or the number of an empty node such as 8.1.",
            )
        return True

    def _add_word(self, fields: Sequence[str], number: int) -> None:
        layout = self._layout
        word = fields[layout.word_index]
        if not word:
            raise DataError(f"{self._name}:{number} has an empty word.")
        self._words.append(word)
        self._rows.append(len(self._lines))
        label = fields[layout.label_index] if layout.has_labels else ""
        is_missing = self._is_missing(label, word)
        if is_missing and self._needs_labels:
            self._refuse_missing(label, number)
        self._labels.append(None if is_missing else label)

    def _is_missing(self, label: str, word: str) -> bool:
        layout = self._layout
        may_be_underscore = layout.may_be_underscore or (layout.is_lemma and word == "_")
        return not label or (label == "_" and not may_be_underscore)

    def _refuse_missing(self, label: str, number: int) -> NoReturn:
        layout = self._layout
        if not layout.has_labels:
            what = (
                "has one column, the words, and therefore no label"
                if layout.num_columns == 1
                else f"has no {layout.label_name} and therefore no label: the number of columns is "
                f"{layout.num_columns}"
            )
            raise DataError(
                f"{self._name}:{number} {what}.",
                help="Choose another column with --column, or name a file with labels.",
            )
        raise DataError(
            f"{self._name}:{number} has no label: {layout.label_name} is {label!r}.",
            help="Choose another column with --column, or complete the file.",
        )

    def _refuse_ragged(self, fields: Sequence[str], number: int) -> NoReturn:
        layout = self._layout
        expected = "CoNLL-U has" if layout.format is FileFormat.CONLLU else "the first row has"
        separated = _FIELD_SEPARATORS[layout.syntax.has_tabs]
        columns = "column" if len(fields) == 1 else "columns"
        raise DataError(
            f"{self._name}:{number} has {len(fields)} {separated}{columns}; {expected} "
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

"""Read tagged files sentence by sentence. Knows nothing of models."""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from nextword.tasks.tagging.files.detection import (
    EXAMINED_LINES,
    detect_format,
    detect_layout,
    no_labels,
    no_sentences,
)
from nextword.tasks.tagging.files.grouping import SentenceReader
from nextword.tasks.tagging.files.rows import (
    FileFormat,
    is_blank,
    is_document_start,
    without_mark,
)
from nextword.tasks.tagging.files.sentence import Sentence
from nextword.text import ByteStream, Source, decode_blocks, open_sources

#: Other white space, such as a no-break space, is part of a word.
_WORD = re.compile(r"[^ \t\r\n\v\f]+")


@dataclass(frozen=True, kw_only=True)
class TaggedFile:
    """A file, or standard input, with sentences.

    Attributes:
        name: Name for messages.
        source: The content.
        format: The format; detected from the first 100 lines if None.
        column: Name or number of the label column, as in `column_layout`.
        encoding_errors: `strict`, or `surrogateescape` to keep bytes that are not UTF-8. None is
            strict too, and errors do not advise the other value.
    """

    name: str
    source: Source = field(repr=False)
    format: FileFormat | None = None
    column: str | int | None = None
    encoding_errors: str | None = None

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
                raise no_labels(head, name=self.name)
            found = self._text_sentences(lines)
        else:
            layout = detect_layout(head, format=format, column=self.column, name=self.name)
            found = SentenceReader(self.name, layout, needs_labels=needs_labels).sentences(lines)
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
            words = tuple(_WORD.findall(without_mark(line) if number == 1 else line))
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
    encoding_errors: str | None = None,
    standard_input: ByteStream | None = None,
) -> list[TaggedFile]:
    """Find the files that the user named.

    Args:
        specs: Files, folders, globs, or `-` for standard input.
        format: The format of all files; detected for each file if None.
        column: Name or number of the label column.
        encoding_errors: `strict`, or `surrogateescape` to keep bytes that are not UTF-8. None is
            strict too, and errors do not advise the other value.
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

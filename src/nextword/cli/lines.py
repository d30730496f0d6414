"""Lines of a file or of standard input, read as they arrive. Knows no commands."""

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nextword.text import Corpus, Document
    from nextword.tokens import Tokenizer

STANDARD_INPUT = "-"


def read_lines(
    file: str, *, tokenizer: "Tokenizer", field: str | None, encoding_errors: str
) -> Iterator[str]:
    """Iterate over the lines of a text as they arrive, without line ends.

    A record of JSON lines whose text is empty is an empty line.

    Args:
        file: A text, as `open_corpus` takes it.
        tokenizer: The tokenizer that will encode the lines.
        field: Key of the text in JSON lines.
        encoding_errors: `strict`, or `surrogateescape` to keep bytes that are not UTF-8.

    Raises:
        DataError: A line contains a reserved symbol of the tokenizer; the message names its place.
    """
    corpus = open_lines(file, field=field, encoding_errors=encoding_errors)
    for document in corpus:
        number = 0
        for number, line in enumerate(_lines(document), start=1):
            tokenizer.without_markers(line, name=document.name, first_line=number)
            yield line
        if not number and corpus.num_json_sources:
            yield ""


def open_lines(file: str, *, field: str | None, encoding_errors: str) -> "Corpus":
    """Open a text that is read once; arguments are those of `read_lines`."""
    from nextword.base import DataError
    from nextword.text import open_corpus

    try:
        return open_corpus(
            [file],
            field=field,
            encoding_errors=encoding_errors,
            standard_input=sys.stdin.buffer if file == STANDARD_INPUT else None,
            is_read_once=True,
        )
    except DataError as error:
        if " " not in file or Path(file).exists():
            raise
        help = (
            f"If it is the text itself, pass it on standard input: echo {shlex.quote(file)} | ..."
        )
        raise DataError(error.message, help=help) from error


def lines_of(corpus: "Corpus") -> Iterator[str]:
    """Iterate over the lines of a corpus, without line ends."""
    for document in corpus:
        yield from _lines(document)


def _lines(document: "Document") -> Iterator[str]:
    from nextword.text import text_lines

    return text_lines(document.pieces(), name=document.name)


def given_text(text: str) -> str:
    """Return a text argument; `-` stands for standard input.

    Bytes of standard input that are not UTF-8 become surrogates.
    """
    from nextword.text import open_stream

    if text != STANDARD_INPUT:
        return text
    with open_stream(sys.stdin.buffer, name="standard input") as stream:
        return stream.read().decode("utf-8", errors="surrogateescape")

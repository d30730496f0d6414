"""`nextword score`: the log-probability of each line."""

import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from nextword.cli.loading import load_model
from nextword.cli.options import BatchSize, Debug, Device, EncodingErrors, Field, Model
from nextword.cli.output import write_json, write_line

_STANDARD_INPUT = "-"


def score(
    model: Model,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="The lines; - is standard input.")
    ] = _STANDARD_INPUT,
    batch_size: BatchSize = None,
    encoding_errors: EncodingErrors = "strict",
    field: Field = "text",
    device: Device = "auto",
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a line instead of text.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Give the log-probability of each line, in nats, a tab and the line.

    Each line is read afresh and its end counts. Scores come as lines are read.
    """
    from nextword.evaluation import DEFAULT_BATCH_SIZE

    loaded = load_model(model, device=device)
    lines = _lines(file, field=field, encoding_errors=encoding_errors)
    size = DEFAULT_BATCH_SIZE if batch_size is None else batch_size
    for each in loaded.stream_scores(lines, batch_size=size):
        if json:
            write_json(each.to_dict())
        else:
            write_line(f"{each.log_prob:.4f}\t{each.text}")


def _lines(file: str, *, field: str, encoding_errors: str) -> Iterator[str]:
    """Give the lines of a text, or of standard input as they come."""
    if file == _STANDARD_INPUT:
        return _input_lines(encoding_errors)
    return _file_lines(file, field=field, encoding_errors=encoding_errors)


def _input_lines(encoding_errors: str) -> Iterator[str]:
    from nextword.base import DataError

    offset = 0
    for line in sys.stdin.buffer:
        try:
            yield line.decode("utf-8", errors=encoding_errors)
        except UnicodeDecodeError as error:
            raise DataError(
                f"standard input is not UTF-8: byte 0x{line[error.start]:02x} at offset "
                f"{offset + error.start}.",
                help="Convert it to UTF-8, or keep any bytes by --encoding-errors surrogateescape.",
            ) from error
        offset += len(line)


def _file_lines(file: str, *, field: str, encoding_errors: str) -> Iterator[str]:
    from nextword.text import open_corpus

    for document in open_corpus([file], field=field, encoding_errors=encoding_errors):
        rest = ""
        for piece in document.pieces():
            *complete, rest = (rest + piece).split("\n")
            yield from complete
        if rest:
            yield rest

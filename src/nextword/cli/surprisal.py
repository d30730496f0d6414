"""`nextword surprisal`: how unexpected each word or token of a text is."""

from collections.abc import Iterator
from itertools import chain
from math import log
from typing import TYPE_CHECKING, Annotated

import typer

from nextword.cli.lines import STANDARD_INPUT, read_lines
from nextword.cli.loading import load_model
from nextword.cli.options import (
    ArpaEncoding,
    BatchSize,
    Debug,
    Device,
    EncodingErrors,
    Field,
    Model,
)
from nextword.cli.output import remark, visible, write_json, write_line

if TYPE_CHECKING:
    from nextword.evaluation import LineSurprisal

_LEVELS = ("word", "token")
_COLUMNS = {
    "word": ("line", "start", "end", "word", "surprisal", "unknown"),
    "token": ("line", "start", "end", "token", "surprisal", "entropy", "rank", "unknown"),
}


def surprisal(
    model: Model,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="File with the lines; - is standard input.")
    ] = STANDARD_INPUT,
    *,
    level: Annotated[
        str, typer.Option("--level", metavar="word|token", help="Rows of the table.")
    ] = "word",
    bits: Annotated[bool, typer.Option("--bits", help="Print bits instead of nats.")] = False,
    context: Annotated[
        str,
        typer.Option(
            "--context",
            metavar="line|text",
            help="Read each line from the initial state, or after the lines before it.",
        ),
    ] = "line",
    batch_size: BatchSize = None,
    encoding_errors: EncodingErrors = "strict",
    field: Field = None,
    encoding: ArpaEncoding = None,
    device: Device = "auto",
    json: Annotated[
        bool,
        typer.Option("--json", help="Print one JSON object per line of the text; always nats."),
    ] = False,
    debug: Debug = False,
) -> None:
    """Print a table of the words of a text: place, surprisal in nats, and whether it is unknown.

    The surprisal of a word is -log P(word | words before it). It is summed over the subwords or
    characters of the word, with the end of the word; see docs/explanation/surprisal.md. With
    --level token, the table has a row per token, with the entropy of the prediction and the rank of
    the token. Offsets are characters of the line, from 0.
    """
    from nextword.base import ConfigError, did_you_mean

    for name, value, known in (
        ("--level", level, _LEVELS),
        ("--context", context, ("line", "text")),
    ):
        if value not in known:
            raise ConfigError(f"{name} is {value!r}.", help=did_you_mean(value, known))
    if json and bits:
        raise ConfigError(
            "--bits is given with --json, which prints nats.", help="Leave --bits out."
        )
    loaded = load_model(model, device=device, encoding=encoding)
    lines = read_lines(
        file, tokenizer=loaded.tokenizer, field=field, encoding_errors=encoding_errors
    )
    unit = log(2.0) if bits else 1.0
    found = loaded.stream_surprisals(lines, is_one_text=context == "text", batch_size=batch_size)
    first = next(found, None)  # a file that cannot be read leaves no table
    if not json:
        write_line("\t".join(_COLUMNS[level]))
    num_unknown = num_words = 0
    for each in chain(() if first is None else (first,), found):
        num_words += len(each.words)
        num_unknown += sum(word.is_unknown for word in each.words)
        if json:
            write_json(each.to_dict())
            continue
        for row in _word_rows(each, unit) if level == "word" else _token_rows(each, unit):
            write_line("\t".join(row))
    if num_unknown:
        remark(
            f"note: {num_unknown:,} of {num_words:,} words are unknown to the model; their "
            "surprisal is that of any unknown word, which is too low."
        )


def _word_rows(line: "LineSurprisal", unit: float) -> Iterator[tuple[str, ...]]:
    for word in line.words:
        place = (str(line.line), str(word.start), str(word.end), visible(word.text))
        yield (*place, f"{word.surprisal / unit:.4f}", str(int(word.is_unknown)))


def _token_rows(line: "LineSurprisal", unit: float) -> Iterator[tuple[str, ...]]:
    for token in line.tokens:
        place = (str(line.line), str(token.start), str(token.end), visible(token.text))
        figures = (f"{token.surprisal / unit:.4f}", f"{token.entropy / unit:.4f}")
        yield (*place, *figures, str(token.rank), str(int(token.is_unknown)))

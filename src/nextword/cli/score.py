"""`nextword score`: the log-probability of each line."""

from collections.abc import Iterable
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
    from nextword.api import Model as LoadedModel
    from nextword.evaluation import LineScore


def score(
    model: Model,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="File with the lines; - is standard input.")
    ] = STANDARD_INPUT,
    *,
    batch_size: BatchSize = None,
    encoding_errors: EncodingErrors = "strict",
    field: Field = None,
    rank: Annotated[
        bool, typer.Option("--rank", help="Print the most probable lines first.")
    ] = False,
    per_token: Annotated[
        bool,
        typer.Option("--per-token", help="Print the log-probability of each token of each line."),
    ] = False,
    encoding: ArpaEncoding = None,
    device: Device = "auto",
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per line instead of text.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Print the log-probability of each line in nats, a tab, and the line.

    Each line is scored from the initial state, its end included. Lines are read in groups of eight
    batches; with --batch-size 1, the score of each is printed before the next one is read. With
    --rank, all lines are read first. With --per-token, each token is a line of its own.
    """
    from nextword.base import ConfigError
    from nextword.evaluation import DEFAULT_BATCH_SIZE, unknown_note
    from nextword.tokens import Coverage

    if per_token and (rank or json):
        raise ConfigError(
            f"--per-token and {'--rank' if rank else '--json'} are given.",
            help="Leave one of them out; nextword surprisal --json has the scores of tokens.",
        )
    loaded = load_model(model, device=device, encoding=encoding)
    lines = read_lines(
        file, tokenizer=loaded.tokenizer, field=field, encoding_errors=encoding_errors
    )
    size = DEFAULT_BATCH_SIZE if batch_size is None else batch_size
    if per_token:
        _write_tokens(loaded, lines, batch_size=size)
        return
    num_words = num_unknown = 0
    scores: Iterable[LineScore] = loaded.stream_scores(lines, batch_size=size)
    if rank:
        scores = sorted(scores, key=lambda each: -each.log_prob)
    for each in scores:
        num_words += each.num_tokens - loaded.tokenizer.has_line_end_token
        num_unknown += each.num_unknown
        if json:
            write_json(each.to_dict())
        else:
            write_line(f"{each.log_prob:.4f}\t{each.text}")
    found = Coverage(num_words=num_words, num_unknown=num_unknown, num_lines=0)
    note = unknown_note(found, tokenizer=loaded.tokenizer, figure="scores")
    if note is not None:
        remark(note)


def _write_tokens(model: "LoadedModel", lines: Iterable[str], *, batch_size: int) -> None:
    """Write a line for each token, and an empty line after each line of the text."""
    for found in model.stream_surprisals(lines, batch_size=batch_size):
        for token in found.tokens:
            write_line(f"{-token.surprisal:.4f}\t{visible(token.text)}")
        write_line()

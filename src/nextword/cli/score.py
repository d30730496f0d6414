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
from nextword.cli.output import remark, write_json, write_line

if TYPE_CHECKING:
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
    encoding: ArpaEncoding = None,
    device: Device = "auto",
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per line instead of text.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Print the log-probability of each line in nats, a tab, and the line.

    Each line is scored from the initial state, its end included. Lines are read as they arrive,
    except with --rank.
    """
    from nextword.evaluation import DEFAULT_BATCH_SIZE, unknown_note
    from nextword.tokens import Coverage

    loaded = load_model(model, device=device, encoding=encoding)
    lines = read_lines(file, field=field, encoding_errors=encoding_errors)
    size = DEFAULT_BATCH_SIZE if batch_size is None else batch_size
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

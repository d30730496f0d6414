"""`nextword pairs`: how often a model prefers the good sentence of a minimal pair."""

import sys
from functools import partial
from typing import Annotated

import typer

from nextword.cli.lines import STANDARD_INPUT
from nextword.cli.loading import load_model
from nextword.cli.options import ArpaEncoding, Debug, Device, Json, Model, Quiet
from nextword.cli.output import remark, write_json, write_line


def pairs(
    model: Model,
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="PAIRS", help="JSON lines as those of BLiMP, or TSV with columns good and bad."
        ),
    ],
    *,
    method: Annotated[
        str,
        typer.Option(
            "--method",
            metavar="sentence|prefix",
            help="Compare whole sentences, or the first words that differ.",
        ),
    ] = "sentence",
    paradigms: Annotated[
        bool, typer.Option("--paradigms", help="Print a row per paradigm instead of per group.")
    ] = False,
    encoding: ArpaEncoding = None,
    device: Device = "auto",
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Compare the probabilities of the two sentences of each pair.

    A pair is right if the good sentence is more probable; a tie is wrong. Accuracy is the mean of
    the paradigms.
    """
    from nextword.cli.progress import make_progress
    from nextword.evaluation import read_pairs

    loaded = load_model(model, device=device, encoding=encoding)
    stdin = sys.stdin.buffer if STANDARD_INPUT in files else None
    with make_progress(quiet=quiet, is_terminal=sys.stderr.isatty()) as progress:
        scores = loaded.compare_pairs(
            read_pairs(files, standard_input=stdin),
            method=method,
            on_progress=partial(progress.on_progress, f"comparing pairs with {model}"),
        )
    if json:
        write_json({"model": model, **scores.to_dict()})
        return
    write_line(scores.render(is_long=paradigms))
    if scores.num_ties:
        remark(
            f"note: the two sentences of {scores.num_ties:,} pairs are equally probable; they "
            f"count as wrong. Counted as right, the mean would be "
            f"{100 * scores.accuracy_with_ties:.1f} %."
        )

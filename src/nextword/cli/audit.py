"""`nextword audit`: does a model keep what every language model promises?"""

import sys
from typing import Annotated

import typer

from nextword.cli.errors import FAILED
from nextword.cli.loading import load_model
from nextword.cli.options import (
    MAX_SEED,
    TEXT_HELP,
    ArpaEncoding,
    Debug,
    Device,
    Field,
    Json,
    Model,
    Quiet,
)
from nextword.cli.output import write_json, write_line


def audit(
    model: Model,
    text: Annotated[
        list[str] | None,
        typer.Option(
            "--text",
            metavar="TEXT",
            help=f"What is read to it; held-out text of its run when not given. {TEXT_HELP} "
            "Repeatable.",
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", help="Decides which parts of the text are read.")
    ] = 0,
    encoding_errors: Annotated[
        str | None,
        typer.Option(
            "--encoding-errors",
            metavar="strict|surrogateescape",
            help="What to do with bytes that are not UTF-8: refuse or keep them.",
        ),
    ] = None,
    field: Field = None,
    encoding: ArpaEncoding = None,
    device: Device = "auto",
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Check what every perplexity rests on, and give a table; the exit code is 1 if a check fails.

    Probabilities sum to one, nothing leaks from the future or from held-out text, and no score
    depends on batches, chunks, padding, or on where the model is kept.
    """
    from nextword.base import require_range
    from nextword.cli.progress import make_progress
    from nextword.evaluation import render_audit
    from nextword.text import open_corpus

    require_range("--seed", seed, low=0, high=MAX_SEED)
    if not text:
        refuse_without_text(field=field, encoding_errors=encoding_errors)
    loaded = load_model(model, device=device, quiet=quiet, encoding=encoding)
    corpus = None
    if text:
        corpus = open_corpus(
            text,
            field=field or "text",
            encoding_errors=encoding_errors or "strict",
            standard_input=sys.stdin.buffer,
        )
    with make_progress(quiet=quiet, is_terminal=sys.stderr.isatty()) as progress:
        report = loaded.audit(corpus, seed=seed, name=model, on_stage=progress.on_stage)
    if json:
        write_json(report.to_dict())
    else:
        write_line(render_audit(report))
    if not report.passed:
        raise typer.Exit(FAILED)


def refuse_without_text(*, field: str | None, encoding_errors: str | None) -> None:
    """Refuse options that say how a text is read where none is named.

    Raises:
        ConfigError: One of them is given.
    """
    from nextword.base import ConfigError

    for option, value in (("--field", field), ("--encoding-errors", encoding_errors)):
        if value is not None:
            raise ConfigError(
                f"{option} is {value!r}, but no text is named that it could be for.",
                help=f"Add --text TEXT, or leave {option} out.",
            )

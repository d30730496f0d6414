"""`nextword audit`: check the properties that every language model must have."""

import sys
from typing import Annotated

import typer

from nextword.cli.errors import FAILED
from nextword.cli.loading import load_model
from nextword.cli.options import (
    ENCODING_ERRORS_HELP,
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
            help="Text to evaluate the model on; held-out text of its run by default. "
            f"{TEXT_HELP}; repeatable.",
        ),
    ] = None,
    *,
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", help="Seed that selects the parts of the text.")
    ] = 0,
    encoding_errors: Annotated[
        str | None,
        typer.Option(
            "--encoding-errors",
            metavar="strict|surrogateescape",
            help=ENCODING_ERRORS_HELP,
        ),
    ] = None,
    field: Field = None,
    encoding: ArpaEncoding = None,
    device: Device = "auto",
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Check a model for faults that falsify its perplexity; the exit code is 1 if a check fails.

    Checks that probabilities sum to one, that no score depends on later tokens, batches, chunks,
    padding or serialization, and that the vocabulary does not come from held-out text.
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
            field=field,
            encoding_errors=encoding_errors or "strict",
            standard_input=sys.stdin.buffer,
        )
    with make_progress(quiet=quiet, is_terminal=sys.stderr.isatty()) as progress:
        report = loaded.audit(corpus, seed=seed, name=model, on_progress=progress.on_progress)
    if json:
        write_json(report.to_dict())
    else:
        write_line(render_audit(report))
    if not report.passed:
        raise typer.Exit(FAILED)


def refuse_without_text(*, field: str | None, encoding_errors: str | None) -> None:
    """Raise an error if an option about reading a text is given without a text.

    Raises:
        ConfigError: One of the options is given.
    """
    from nextword.base import ConfigError

    for option, value in (("--field", field), ("--encoding-errors", encoding_errors)):
        if value is not None:
            raise ConfigError(
                f"{option} {value} has no effect without --text.",
                help=f"Add --text TEXT, or leave {option} out.",
            )

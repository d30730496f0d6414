"""`nextword bench-keyboard`: how many keystrokes the suggestions of models save."""

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nextword.cli.loading import load_model
from nextword.cli.options import (
    TEXT_HELP,
    Debug,
    Device,
    EncodingErrors,
    Field,
    Json,
    Quiet,
)
from nextword.cli.output import write_json, write_line

if TYPE_CHECKING:
    from nextword.text import Corpus

_FILES = ("model.safetensors", "tokenizer.json")


def bench_keyboard(
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL", help="Run folders, model folders, ARPA files or hf:NAME models."
        ),
    ],
    text: Annotated[
        list[str], typer.Option("--text", metavar="TEXT", help=f"{TEXT_HELP}; repeatable.")
    ],
    *,
    form: Annotated[
        str,
        typer.Option(
            "--form",
            metavar="unchanged|lower|letters",
            help="Type the text unchanged, in lower case, or in lower case with only letters, "
            "apostrophes and blanks.",
        ),
    ] = "unchanged",
    cache: Annotated[
        bool,
        typer.Option("--cache", help="Add a row per model with a cache of the words typed so far."),
    ] = False,
    cache_weight: Annotated[
        float, typer.Option("--cache-weight", metavar="W", help="Share of the cache.")
    ] = 0.05,
    cache_decay: Annotated[
        float,
        typer.Option(
            "--cache-decay", metavar="D", help="Factor of a word's weight per later word."
        ),
    ] = 0.99,
    max_evaluations: Annotated[
        int,
        typer.Option(
            "--max-evaluations",
            metavar="N",
            help="Limit of the search after a keystroke, for tokens that are not words.",
        ),
    ] = 32,
    encoding_errors: EncodingErrors = "strict",
    field: Field = None,
    device: Device = "auto",
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Type each line of a text and print the share of keystrokes that suggestions save.

    A suggested word is accepted with one keystroke, which includes the blank after it. Savings are
    given for 1, 3 and 5 suggestions (slots). Every line starts from the initial state.
    """
    from nextword.cli.progress import make_progress
    from nextword.generation import CacheConfig
    from nextword.keyboard import measure_typing, render_reports, resolve_form
    from nextword.text import open_corpus

    chosen = resolve_form(form)
    caches: list[CacheConfig | None] = [None]
    if cache:
        caches.append(CacheConfig(weight=cache_weight, decay=cache_decay))
    loaded = [(name, load_model(name, device=device, quiet=quiet)) for name in models]
    corpus = open_corpus(
        text, field=field, encoding_errors=encoding_errors, standard_input=sys.stdin.buffer
    )
    reports = []
    with make_progress(quiet=quiet, is_terminal=sys.stderr.isatty()) as progress:
        for name, model in loaded:
            for settings in caches:
                report = measure_typing(
                    model.language_model,
                    model.tokenizer,
                    lines=_lines(corpus),
                    form=chosen,
                    cache=settings,
                    max_evaluations=max_evaluations,
                    name=name,
                    model_bytes=_model_bytes(Path(model.path)),
                    on_progress=partial(progress.on_progress, f"typing lines with {name}"),
                )
                reports.append(report)
    if json:
        results = [report.to_dict() for report in reports]
        write_json({"text": corpus.description, "form": chosen, "results": results})
        return
    write_line(render_reports(reports, text=corpus.description, form=chosen))


def _lines(corpus: "Corpus") -> Iterator[str]:
    from nextword.text import text_lines

    for document in corpus:
        yield from text_lines(document.pieces(), name=document.name)


def _model_bytes(path: Path) -> int | None:
    """Return the size of the weights and the tokenizer on disk; None if they are not files."""
    files = [path] if path.is_file() else [path / name for name in _FILES]
    return sum(file.stat().st_size for file in files) if all(map(Path.is_file, files)) else None

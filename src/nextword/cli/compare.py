"""`nextword compare`: train and evaluate several models under one protocol."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nextword.cli.options import ENCODING_ERRORS_HELP, TEXT_HELP, Debug, Field, Json, Quiet
from nextword.cli.out_folder import checked_out
from nextword.cli.output import remark, write_json, write_line
from nextword.cli.streams import require_standard_output
from nextword.cli.train import training_callbacks

if TYPE_CHECKING:
    from nextword.base import Values
    from nextword.comparison import SeedResult


def compare(
    text: Annotated[list[str], typer.Argument(metavar="TEXT", help=f"{TEXT_HELP}.")],
    *,
    models: Annotated[
        str,
        typer.Option(
            "--models",
            metavar="LIST",
            help="Rows, separated by commas: recipes, TOML files, ngram-N, or trained models; "
            "NAME=SOURCE gives a row another name.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option("--out", metavar="DIR", help="Folder; finished runs in it are used again."),
    ],
    valid: Annotated[
        list[str] | None,
        typer.Option(
            "--valid", metavar="TEXT", help="Validation text; a share of TEXT by default."
        ),
    ] = None,
    test: Annotated[
        list[str] | None,
        typer.Option("--test", metavar="TEXT", help="Text on which the rows are compared."),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            "--split",
            metavar="0.9,0.05,0.05",
            help="Shares of TEXT for training, validation and test.",
        ),
    ] = None,
    tokens: Annotated[
        int | None,
        typer.Option("--tokens", metavar="N", help="Train each row on N tokens of the text."),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option("--minutes", metavar="M", help="Train each row for M minutes."),
    ] = None,
    seeds: Annotated[
        list[str] | None,
        typer.Option(
            "--seeds",
            metavar="[ROW:]N",
            help="Number of trainings of all rows, or of one; 1 by default; repeatable.",
        ),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="[ROW:]SECTION.KEY=VALUE",
            help="Change a setting of all rows, or of one; repeatable.",
        ),
    ] = None,
    between: Annotated[
        str | None,
        typer.Option(
            "--between",
            metavar="ROW,ROW",
            help="Rows to compare token by token on the page; the two best ones by default.",
        ),
    ] = None,
    encoding_errors: Annotated[
        str | None,
        typer.Option(
            "--encoding-errors", metavar="strict|surrogateescape", help=ENCODING_ERRORS_HELP
        ),
    ] = None,
    field: Field = None,
    device: Annotated[
        str | None,
        typer.Option("--device", metavar="D", help="Device: auto, cpu, cuda, cuda:1, mps ..."),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Train and evaluate several models under one protocol, and print a table, best row first.

    All rows have the same texts, tokenizer and budget. Each trained model is an ordinary run in
    DIR/runs. The same command continues an interrupted comparison. DIR also gets the table as
    Markdown, CSV and JSON, pictures, and a page that compares two rows token by token.
    """
    from nextword import comparison
    from nextword.cli.progress import make_progress
    from nextword.cli.settings import training_settings

    require_standard_output()
    checked_out(out)
    shared, of_rows = _by_row(overrides or ())
    num_seeds, row_seeds = _seeds_by_row(seeds or ())
    settings = training_settings(
        overrides=shared,
        valid=valid or (),
        test=test or (),
        split=split,
        field=field,
        encoding_errors=encoding_errors,
        device=device,
    )
    with make_progress(quiet=quiet, is_terminal=sys.stderr.isatty()) as progress:
        result = comparison.compare(
            text,
            models=[name for item in models.split(",") if (name := item.strip())],
            out=out,
            settings=settings,
            row_settings=of_rows,
            tokens=tokens,
            minutes=minutes,
            num_seeds=num_seeds,
            row_seeds=row_seeds,
            between=None if between is None else _pair(between),
            callbacks=lambda folder: training_callbacks(progress, folder, advice=False),
            on_progress=progress.on_progress,
            on_result=None if quiet else _show_result,
        )
    if json:
        write_json(result.to_dict())
        return
    write_line(result.render())
    for row in result.rows:
        if row.failure is not None:
            remark(f"{row.name}: a training failed: {row.failure}")
    remark(f"\n{result.protocol}\nTable, pictures and page: {out}/comparison.html")


def _show_result(result: "SeedResult", number: int, total: int) -> None:
    card = result.test or result.validation or {}
    seed = "" if result.seed is None else f", seed {result.seed}"
    value = card.get("perplexity")
    shown = "infinite" if value is None else f"{value:,.2f}"
    remark(f"[{number} of {total}] {result.name}{seed}: perplexity {shown}")


def _by_row(overrides: Sequence[str]) -> "tuple[list[str], dict[str, list[Values]]]":
    """Divide the values of --set into those of all rows, and those of single rows."""
    from nextword.base import Layer, parse_override

    shared: list[str] = []
    of_rows: dict[str, list[Values]] = {}
    for override in overrides:
        setting = override.partition("=")[0]
        name, colon, _ = setting.partition(":")
        if not colon:
            shared.append(override)
            continue
        layer = Layer(parse_override(override[len(name) + 1 :]), source=f"--set {setting}")
        of_rows.setdefault(name, []).append(layer)
    return shared, of_rows


def _seeds_by_row(values: Sequence[str]) -> tuple[int, dict[str, int]]:
    """Divide the values of --seeds into that of all rows, and those of single rows."""
    from nextword.base import ConfigError

    shared, of_rows = 1, {}
    for value in values:
        name, colon, count = value.rpartition(":")
        try:
            number = int(count)
        except ValueError as error:
            raise ConfigError(
                f"--seeds {value!r} is not a number of trainings.",
                help="Example: --seeds 3 --seeds adaptive-transformer:1",
            ) from error
        if colon:
            of_rows[name] = number
        else:
            shared = number
    return shared, of_rows


def _pair(text: str) -> tuple[str, str]:
    from nextword.base import ConfigError

    names = [name.strip() for name in text.split(",")]
    if len(names) != 2:
        raise ConfigError(
            f"--between {text!r} does not name two rows.", help="Example: --between elman,ngram-5"
        )
    return names[0], names[1]

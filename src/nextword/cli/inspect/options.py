"""Options that the instruments share, and reading their texts."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nextword.cli.options import TEXT_HELP

if TYPE_CHECKING:
    from nextword.text import Corpus

NetworkModel = Annotated[
    str,
    typer.Argument(
        metavar="MODEL", help="Run folder, model folder, or recipe:NAME for an untrained network."
    ),
]
Models = Annotated[
    list[str],
    typer.Argument(
        metavar="MODEL",
        help="Run folders, model folders, or recipe:NAME for the untrained network of a recipe.",
    ),
]
Text = Annotated[
    list[str], typer.Option("--text", metavar="TEXT", help=f"{TEXT_HELP}; repeatable.")
]
OptionalText = Annotated[
    list[str] | None, typer.Option("--text", metavar="TEXT", help=f"{TEXT_HELP}; repeatable.")
]
Split = Annotated[
    str | None,
    typer.Option(
        "--split",
        metavar="valid|test",
        help="Use this held-out text of the model's own run instead of --text.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Folder for report.html, pictures and JSON."),
]
Characters = Annotated[
    int,
    typer.Option(
        "--characters", metavar="N", help="Number of characters to read from the start of TEXT."
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="SECTION.KEY=VALUE",
        help="Change a setting of the untrained networks; repeatable.",
    ),
]
Seed = Annotated[
    int | None,
    typer.Option("--seed", metavar="N", help="Seed of the weights of untrained networks."),
]
DEFAULT_CHARACTERS = 20_000


def open_text(
    text: Sequence[str], *, field: str | None = None, encoding_errors: str = "strict"
) -> "Corpus":
    """Return the corpus that `--text` names.

    Args:
        text: Values of `--text`.
        field: Value of `--field`.
        encoding_errors: Value of `--encoding-errors`.
    """
    from nextword.text import open_corpus

    return open_corpus(
        text, field=field, encoding_errors=encoding_errors, standard_input=sys.stdin.buffer
    )


def checked_report_folder(out: Path | None) -> Path | None:
    """Return the folder of `--out` if a report can be written to it; None without one.

    Args:
        out: Value of `--out`.

    Raises:
        ConfigError: The path is `-` or a file, or cannot be used.
    """
    from nextword.cli.out_folder import checked_out

    return None if out is None else checked_out(out)

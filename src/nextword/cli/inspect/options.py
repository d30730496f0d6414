"""Options that the instruments share, and reading their models and texts."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nextword.cli.options import TEXT_HELP

if TYPE_CHECKING:
    from nextword.text import Corpus

Text = Annotated[
    list[str], typer.Option("--text", metavar="TEXT", help=f"{TEXT_HELP}; repeatable.")
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

"""`nextword inspect memory`: how far back models remember."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nextword.cli.inspect.options import Out, Text, checked_report_folder, open_text
from nextword.cli.inspect.output import print_result
from nextword.cli.loading import load_model
from nextword.cli.options import MAX_SEED, Debug, Device, EncodingErrors, Field, Json, Quiet
from nextword.cli.output import remark

if TYPE_CHECKING:
    from nextword.inspection.memory import RecallItem

_DEFAULT_CHARACTERS = 200_000


def memory(
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL", help="Run folders, model folders, ARPA files or hf:NAME models."
        ),
    ],
    text: Text,
    *,
    out: Out = None,
    max_distance: Annotated[
        int,
        typer.Option("--max-distance", metavar="K", help="Number of tokens to look back."),
    ] = 200,
    positions: Annotated[
        int,
        typer.Option("--positions", metavar="N", help="Number of predictions to average over."),
    ] = 200,
    recall: Annotated[
        Path | None,
        typer.Option(
            "--recall",
            metavar="FILE",
            help="Also measure recall: lines of a context, a tab and the word that should follow.",
        ),
    ] = None,
    characters: Annotated[
        int,
        typer.Option(
            "--characters", metavar="N", help="Number of characters to read from the start of TEXT."
        ),
    ] = _DEFAULT_CHARACTERS,
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", help="Seed of positions and replaced tokens.")
    ] = 0,
    encoding_errors: EncodingErrors = "strict",
    field: Field = None,
    device: Device = "auto",
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Measure how far back models remember, for models of any family side by side.

    A token is replaced at a distance, and the change of the prediction is measured; the context is
    cut to the last tokens, and the loss is measured. For models of characters also: how often a
    word is completed, by the number of characters typed.
    """
    from nextword.base import require_range
    from nextword.inspection import memory as instrument

    require_range("--max-distance", max_distance, low=1)
    require_range("--positions", positions, low=1)
    require_range("--seed", seed, low=0, high=MAX_SEED)
    folder = checked_report_folder(out)
    items = [] if recall is None else _recall_items(recall, encoding_errors=encoding_errors)
    corpus = open_text(text, field=field, encoding_errors=encoding_errors)
    loaded = {name: load_model(name, device=device, quiet=quiet) for name in models}
    result = instrument.inspect_memory(
        {name: (each.language_model, each.tokenizer) for name, each in loaded.items()},
        corpus,
        max_distance=max_distance,
        num_positions=positions,
        max_characters=characters,
        items=items,
        seed=seed,
        on_progress=None if quiet else remark,
    )
    report = None if folder is None else instrument.write_memory(folder, result)
    print_result(
        result.to_dict(),
        header=instrument.table_header(result),
        rows=instrument.table_rows(result),
        notes=instrument.notes(result),
        report=report,
        json=json,
    )


def _recall_items(path: Path, *, encoding_errors: str) -> "list[RecallItem]":
    from nextword.inspection.memory import read_recall_items
    from nextword.text import open_corpus

    corpus = open_corpus([str(path)], encoding_errors=encoding_errors)
    return read_recall_items("".join(corpus.pieces()), name=str(path))

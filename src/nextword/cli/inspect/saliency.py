"""`nextword inspect saliency`: which earlier tokens a prediction rests on."""

from typing import Annotated

import typer

from nextword.cli.inspect.loading import load_models
from nextword.cli.inspect.options import (
    DEFAULT_CHARACTERS,
    Characters,
    NetworkModel,
    Out,
    Overrides,
    Seed,
    Text,
    checked_report_folder,
    open_text,
)
from nextword.cli.inspect.output import print_result
from nextword.cli.options import Debug, Device, EncodingErrors, Field, Json, Quiet

Position = Annotated[
    int | None,
    typer.Option(
        "--position",
        metavar="N",
        help="Explain the prediction of the N-th token; several are averaged by default.",
    ),
]
BaselineName = Annotated[
    str,
    typer.Option(
        "--baseline",
        metavar="mean|zero|unknown",
        help="Vector that stands for no token: the mean of all embeddings, zero, or that of the "
        "unknown token.",
    ),
]


def saliency(
    model: NetworkModel,
    text: Text,
    *,
    out: Out = None,
    position: Position = None,
    lags: Annotated[
        int, typer.Option("--lags", metavar="K", help="Number of steps to look back.")
    ] = 30,
    positions: Annotated[
        int, typer.Option("--positions", metavar="N", help="Number of predictions to average over.")
    ] = 64,
    baseline: BaselineName = "mean",
    points: Annotated[
        int,
        typer.Option("--points", metavar="N", help="Number of points of integrated gradients."),
    ] = 32,
    characters: Characters = DEFAULT_CHARACTERS,
    overrides: Overrides = None,
    seed: Seed = None,
    encoding_errors: EncodingErrors = "strict",
    field: Field = None,
    device: Device = "auto",
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Attribute the log-probability of the next token to the tokens before it.

    By gradient times input, integrated gradients, and occlusion. Prints the attributions by
    distance; --out writes a report in which each prediction of a text can be selected.
    """
    from nextword.inspection import inspect_saliency, read_passage, write_saliency
    from nextword.inspection.saliency import (
        known_baseline,
        notes_of,
        table_header,
        table_rows,
    )

    folder = checked_report_folder(out)
    corpus = open_text(text, field=field, encoding_errors=encoding_errors)
    loaded = load_models(
        [model], corpus=corpus, device=device, quiet=quiet, overrides=overrides or (), seed=seed
    )[model]
    result = inspect_saliency(
        loaded.language_model,
        loaded.tokenizer,
        passage=read_passage(corpus, loaded.tokenizer, max_characters=characters),
        position=position,
        num_lags=lags,
        num_positions=positions,
        baseline=known_baseline(baseline),
        num_points=points,
    )
    report = None if folder is None else write_saliency(folder, result, name=model)
    print_result(
        {"model": model, **result.to_dict()},
        header=table_header(result),
        rows=table_rows(result),
        notes=notes_of(result),
        report=report,
        json=json,
    )

"""`nextword inspect gradients`: how far back the gradient of a loss reaches."""

from typing import Annotated

import typer

from nextword.cli.inspect.loading import gradient_records, load_models
from nextword.cli.inspect.options import (
    DEFAULT_CHARACTERS,
    Characters,
    Models,
    Out,
    Overrides,
    Seed,
    Text,
    checked_report_folder,
    open_text,
)
from nextword.cli.inspect.output import print_result
from nextword.cli.options import Debug, Device, EncodingErrors, Field, Json, Quiet


def gradients(
    models: Models,
    text: Text,
    *,
    out: Out = None,
    lags: Annotated[
        int, typer.Option("--lags", metavar="K", help="Number of steps to look back.")
    ] = 30,
    positions: Annotated[
        int, typer.Option("--positions", metavar="N", help="Number of losses to average over.")
    ] = 512,
    window: Annotated[
        int,
        typer.Option("--window", metavar="N", help="Number of steps of the itemized gradients."),
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
    """Measure the gradient of the loss with respect to the states before it, by lag.

    Prints how fast the gradient norm falls per step; --out writes pictures, gradients itemized by
    loss and step, how saturated the gates are, and a report. Several models are drawn side by side.
    """
    from nextword.inspection import inspect_gradients, read_passage, write_gradients
    from nextword.inspection.gradients import table_header, table_rows

    folder = checked_report_folder(out)
    corpus = open_text(text, field=field, encoding_errors=encoding_errors)
    loaded = load_models(
        models, corpus=corpus, device=device, quiet=quiet, overrides=overrides or (), seed=seed
    )
    results = {}
    for name, model in loaded.items():
        results[name] = inspect_gradients(
            model.language_model,
            model.tokenizer,
            passage=read_passage(corpus, model.tokenizer, max_characters=characters),
            num_lags=lags,
            num_positions=positions,
            window=window,
            training=gradient_records(model),
        )
    report = None if folder is None else write_gradients(folder, results)
    values = {"models": [{"model": name, **each.to_dict()} for name, each in results.items()]}
    print_result(
        values,
        header=table_header(results),
        rows=table_rows(results),
        notes=[note for result in results.values() for note in result.flow.notes],
        report=report,
        json=json,
    )

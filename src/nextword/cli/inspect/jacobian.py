"""`nextword inspect jacobian`: how much a recurrent step stretches the state."""

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


def jacobian(
    model: NetworkModel,
    text: Text,
    *,
    out: Out = None,
    lags: Annotated[
        int,
        typer.Option("--lags", metavar="K", help="Largest number of steps in a product."),
    ] = 30,
    steps: Annotated[
        int | None,
        typer.Option(
            "--steps",
            metavar="N",
            help="Number of steps to measure; 16 to 200 by default, fewer for larger states.",
        ),
    ] = None,
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
    """Measure the Jacobian of the state with respect to the state one step before.

    Prints the largest Lyapunov exponent of each layer (negative: gradients vanish, positive: they
    explode), and the norm and the spectral radius of its Jacobians; --out writes a report.
    """
    from nextword.inspection import inspect_jacobians, read_passage, write_jacobians
    from nextword.inspection.jacobians import TABLE_HEADER, table_rows

    folder = checked_report_folder(out)
    corpus = open_text(text, field=field, encoding_errors=encoding_errors)
    loaded = load_models(
        [model], corpus=corpus, device=device, quiet=quiet, overrides=overrides or (), seed=seed
    )[model]
    result = inspect_jacobians(
        loaded.language_model,
        loaded.tokenizer,
        passage=read_passage(corpus, loaded.tokenizer, max_characters=characters),
        num_lags=lags,
        num_steps=steps,
    )
    report = None if folder is None else write_jacobians(folder, result, name=model)
    print_result(
        {"model": model, **result.to_dict()},
        header=TABLE_HEADER,
        rows=table_rows(result),
        notes=[result.meaning],
        report=report,
        json=json,
    )

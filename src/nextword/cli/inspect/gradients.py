"""`nextword inspect gradients`: how far back the gradient of a loss reaches."""

from typing import Annotated

import typer

from nextword.cli.inspect.options import DEFAULT_CHARACTERS, Characters, Out, Text, open_text
from nextword.cli.loading import load_model
from nextword.cli.options import Debug, Device, EncodingErrors, Field, Json, Model, Quiet
from nextword.cli.output import aligned, write_json, write_line


def gradients(
    model: Model,
    text: Text,
    out: Out = None,
    lags: Annotated[
        int, typer.Option("--lags", metavar="K", help="Number of steps to look back.")
    ] = 30,
    characters: Characters = DEFAULT_CHARACTERS,
    encoding_errors: EncodingErrors = "strict",
    field: Field = None,
    device: Device = "auto",
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Measure the gradient of the loss with respect to the states before it, by lag."""
    from nextword.inspection import gradient_flow, read_passage

    loaded = load_model(model, device=device, quiet=quiet)
    corpus = open_text(text, field=field, encoding_errors=encoding_errors)
    passage = read_passage(corpus, loaded.tokenizer, max_characters=characters)
    flow = gradient_flow(loaded.language_model, passage, num_lags=lags)
    if json:
        write_json({"model": model, **flow.to_dict()})
        return
    write_line(aligned([(curve.label, f"{curve.factor or 0.0:.3f}") for curve in flow.curves]))

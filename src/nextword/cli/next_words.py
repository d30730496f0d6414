"""`nextword next`: the most probable next words."""

from typing import Annotated

import typer

from nextword.cli.loading import load_model
from nextword.cli.options import ArpaEncoding, Debug, Device, Json, Model
from nextword.cli.output import visible, write_json, write_line


def next_words(
    model: Model,
    context: Annotated[str, typer.Argument(metavar="CONTEXT", help="Text before the next word.")],
    k: Annotated[int, typer.Option("-k", metavar="N", help="Number of words.")] = 5,
    complete: Annotated[
        bool, typer.Option("--complete", help="Complete the partial word at the end of CONTEXT.")
    ] = False,
    encoding: ArpaEncoding = None,
    device: Device = "auto",
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Print the most probable next words with their probabilities."""
    loaded = load_model(model, device=device, encoding=encoding)
    predict = loaded.complete_word if complete else loaded.next_words
    pairs = predict(context, k=k)
    if json:
        found = [{"token": token, "probability": share} for token, share in pairs]
        write_json({"context": context, "next": found})
        return
    for token, share in pairs:
        write_line(f"{share:.6f}  {visible(token)}")

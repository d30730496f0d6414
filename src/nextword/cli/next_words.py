"""`nextword next`: the most probable next words, or completions of a partial word."""

from typing import TYPE_CHECKING, Annotated

import typer

from nextword.cli.lines import STANDARD_INPUT, given_text
from nextword.cli.loading import load_model
from nextword.cli.options import ArpaEncoding, Debug, Device, Json, Model, Precision
from nextword.cli.output import remark, visible, write_json, write_line

if TYPE_CHECKING:
    from nextword.api import Model as LoadedModel


def next_words(
    model: Model,
    context: Annotated[
        str,
        typer.Argument(
            metavar="CONTEXT",
            help="Text before the next word; - reads standard input and drops its last newline.",
        ),
    ],
    *,
    k: Annotated[int, typer.Option("-k", metavar="N", help="Number of words.")] = 5,
    complete: Annotated[
        bool, typer.Option("--complete", help="Complete the partial word at the end of CONTEXT.")
    ] = False,
    tokens: Annotated[
        bool,
        typer.Option(
            "--tokens", help="Print entries of the vocabulary, such as byte pairs and line ends."
        ),
    ] = False,
    encoding: ArpaEncoding = None,
    device: Device = "auto",
    precision: Precision = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Print the most probable next words with their probabilities.

    With --complete, print the most probable words that begin with the partial word at the end of
    CONTEXT. The probability is that of the whole word after the words before it. Models of
    characters, bytes and byte pairs spell whole words too; --tokens prints their tokens instead.
    """
    _refuse_both(tokens=tokens, complete=complete)
    loaded = load_model(model, device=device, encoding=encoding, precision=precision)
    if context == STANDARD_INPUT:
        context = given_text(context).removesuffix("\n").removesuffix("\r")
    predict = loaded.next_tokens if tokens else loaded.next_words
    predict = loaded.complete if complete else predict
    pairs = predict(context, k=k)
    if json:
        found = [{"token": token, "probability": share} for token, share in pairs]
        write_json({"context": context, "next": found})
    else:
        for token, share in pairs:
            write_line(f"{share:.6f}  {visible(token)}")
    _remark_unknown(loaded, context, has_partial_word=complete)
    if complete and not pairs:
        _remark_no_word(loaded, context)


def _refuse_both(*, tokens: bool, complete: bool) -> None:
    from nextword.base import ConfigError

    if tokens and complete:
        raise ConfigError(
            "--tokens and --complete are given; only words can be completed.",
            help="Leave one of them out.",
        )


def _remark_unknown(model: "LoadedModel", context: str, *, has_partial_word: bool) -> None:
    """Name the words of the context that are not in the vocabulary."""
    end = len(_partial_word(context)) if has_partial_word else 0
    before = context[: len(context) - end]
    if not model.tokenizer.is_word_level:
        return
    unknown = [word for word in before.split() if model.tokenizer.encode(word).unknown.any()]
    if unknown:
        shown = ", ".join(repr(word) for word in dict.fromkeys(unknown))
        remark(f"not in the vocabulary, and read as <unk>: {shown}")


def _remark_no_word(model: "LoadedModel", context: str) -> None:
    """State that no word begins with the partial word."""
    partial = _partial_word(context)
    if not model.tokenizer.is_word_level:
        remark(f"the model finds no word that begins with {partial!r}")
        return
    lower = partial.lower()
    hint = ""
    if lower != partial and model.complete(context[: len(context) - len(partial)] + lower, k=1):
        hint = f"; words begin with {lower!r}"
    remark(f"no word of the vocabulary begins with {partial!r}{hint}")


def _partial_word(context: str) -> str:
    from nextword.tokens import WORD_SEPARATORS

    return context[1 + max(context.rfind(separator) for separator in WORD_SEPARATORS) :]

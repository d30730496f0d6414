"""`nextword mix`: mix models, with weights tuned on held-out text."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nextword.cli.options import TEXT_HELP, Debug, EncodingErrors, Field, Json, Quiet
from nextword.cli.out_folder import checked_out
from nextword.cli.output import remark, write_json, write_line

if TYPE_CHECKING:
    from nextword.api import MixtureResult
    from nextword.tokens import Reset


def mix(
    models: Annotated[
        list[str],
        typer.Argument(metavar="MODEL", help="Two or more run folders, model folders, ARPA files."),
    ],
    valid: Annotated[
        list[str],
        typer.Option(
            "--valid", metavar="TEXT", help=f"Held-out text for the weights: {TEXT_HELP}."
        ),
    ],
    *,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Model folder to write; new or empty.")
    ],
    method: Annotated[
        str,
        typer.Option(
            "--method",
            metavar="linear|log-linear",
            help="Add weighted probabilities, or multiply powers of them.",
        ),
    ] = "linear",
    buckets: Annotated[
        int,
        typer.Option(
            "--buckets",
            metavar="N",
            help="Number of rows of weights; above 1, the longest context that the first n-gram "
            "model knows chooses the row.",
        ),
    ] = 1,
    reset: Annotated[
        str | None,
        typer.Option(
            "--reset",
            metavar="never|document|line",
            help="Where the states of all members are reset; as in the training of each by "
            "default.",
        ),
    ] = None,
    encoding_errors: EncodingErrors = "strict",
    field: Field = None,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Mix models that have equal tokenizers, and write the mixture as a model folder.

    The weights make the text of --valid most probable. The folder holds copies of all members. The
    mixture is used like any other model.
    """
    from nextword import api
    from nextword.base import did_you_mean, require
    from nextword.cli.progress import make_progress
    from nextword.evaluation import resolve_reset
    from nextword.tensors import tune_process
    from nextword.text import open_corpus

    methods = ("linear", "log-linear")
    require(
        method in methods, f"--method {method!r} is unknown.", help=did_you_mean(method, methods)
    )
    chosen = None if reset is None else resolve_reset(reset)
    checked_out(out)
    tune_process()
    corpus = open_corpus(
        valid, field=field, encoding_errors=encoding_errors, standard_input=sys.stdin.buffer
    )
    with make_progress(quiet=quiet, is_terminal=sys.stderr.isatty()) as progress:
        result = api.mix(
            models,
            valid=corpus,
            out=out,
            method="linear" if method == "linear" else "log-linear",
            num_buckets=buckets,
            reset=chosen,
            on_progress=progress.on_progress,
        )
    if json:
        write_json(as_values(result, names=models))
        return
    for line in rendered(result, names=models):
        write_line(line)
    resets = _resets(result)
    if len(set(resets)) > 1:
        described = ", ".join(f"{name} {each}" for name, each in zip(models, resets, strict=True))
        remark(f"The state of each member is reset as in its training: {described}.")
    for warning in result.warnings:
        remark(f"WARNING: {warning}.")
    remark(f"The weights were tuned on {corpus.description}; evaluate the mixture on another text.")


def as_values(result: "MixtureResult", *, names: Sequence[str]) -> dict[str, Any]:
    """Return a result as JSON values.

    Args:
        result: The mixture.
        names: Names of its members as the user gave them.
    """
    tuned = result.tuned
    return {
        "model": str(result.model.path),
        "family": tuned.model.family,
        "method": tuned.model.method,
        "members": [
            {
                "model": name,
                "perplexity": _perplexity(tuned.num_tokens, log_likelihood),
                "reset": reset,
            }
            for name, log_likelihood, reset in zip(
                names, tuned.member_log_likelihoods, _resets(result), strict=True
            )
        ],
        "weights": [list(row) for row in tuned.model.weights],
        "bucket_counts": list(tuned.bucket_counts),
        "log_likelihoods": list(tuned.log_likelihoods),
        "num_excluded": tuned.num_excluded,
        "warnings": list(result.warnings),
        "valid": result.card.to_dict(),
    }


def rendered(result: "MixtureResult", *, names: Sequence[str]) -> Iterator[str]:
    """Iterate over lines that show a result.

    Args:
        result: The mixture.
        names: Names of its members as the user gave them.
    """
    from nextword.evaluation import number_text

    tuned = result.tuned
    label = f"{tuned.model.method} mixture"
    width = max(map(len, [*names, label]))
    columns = _columns(len(tuned.model.weights))
    yield f"{'model':<{width}}  perplexity  {'  '.join(columns)}"
    for number, name in enumerate(names):
        figure = _perplexity(tuned.num_tokens, tuned.member_log_likelihoods[number])
        weights = "  ".join(
            f"{row[number]:>{len(column)}.4f}"
            for row, column in zip(tuned.model.weights, columns, strict=True)
        )
        yield f"{name:<{width}}  {number_text(figure):>10}  {weights}"
    yield f"{label:<{width}}  {number_text(result.card.perplexity):>10}"
    if len(columns) > 1:
        counts = "  ".join(
            f"{count:>{len(column)},}"
            for count, column in zip(tuned.bucket_counts, columns, strict=True)
        )
        yield f"{'tokens':<{width}}  {tuned.num_tokens:>10,}  {counts}"
    yield ""
    if tuned.num_excluded:
        yield "log-likelihood, nats: -infinite"
        yield (
            f"without the {_counted(tuned.num_excluded)} of probability 0 under every member, "
            f"after each iteration: {_trace(tuned.log_likelihoods)}"
        )
    else:
        yield f"log-likelihood after each iteration, nats: {_trace(tuned.log_likelihoods)}"
    yield f"model  {result.model.path}"


def _columns(num_buckets: int) -> list[str]:
    """Return the titles of the columns of weights."""
    if num_buckets == 1:
        return ["weight"]
    titles = [f"context {length}" for length in range(1, num_buckets)]
    return [*titles, f"context {num_buckets}+"]


def _resets(result: "MixtureResult") -> "list[Reset]":
    """Return where the state of each member is reset."""
    at_lines = result.model.config["model"]["line_resets"]
    return [
        "line" if number in at_lines else result.model.reset
        for number in range(len(result.tuned.model.members))
    ]


def _counted(num_tokens: int) -> str:
    return "one token" if num_tokens == 1 else f"{num_tokens:,} tokens"


def _trace(values: Sequence[float]) -> str:
    """Return log-likelihoods to one decimal; those that look the same are shown once."""
    return " ".join(dict.fromkeys(f"{value:.1f}" for value in values))


def _perplexity(num_tokens: int, log_likelihood: float) -> float:
    from nextword.base import perplexity

    return perplexity(-log_likelihood, num_tokens)

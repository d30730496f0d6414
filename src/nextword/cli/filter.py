"""`nextword filter`: scores and buckets of the documents of many files."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nextword.cli.options import ArpaEncoding, BatchSize, Debug, Device, Json, Quiet
from nextword.cli.out_folder import checked_out
from nextword.cli.output import aligned, remark, write_json, write_line

if TYPE_CHECKING:
    from nextword.filtering import FilterResult

_EXAMPLE = "nextword filter shards/*.jsonl.zst --model RUN --out scored"


def filter_command(
    shards: Annotated[
        list[str],
        typer.Argument(
            metavar="SHARDS...", help="Files, folders or globs of JSON lines, .gz .bz2 .xz .zst."
        ),
    ],
    *,
    model: Annotated[
        str,
        typer.Option(
            "--model", metavar="MODEL", help="Run folder, model folder, ARPA file or hf:NAME."
        ),
    ],
    out: Annotated[
        Path,
        typer.Option("--out", metavar="FOLDER", help="Folder of the results."),
    ],
    text_field: Annotated[
        str,
        typer.Option(
            "--text-field", "--field", metavar="KEY", help="Key of the text in each record."
        ),
    ] = "text",
    by: Annotated[
        str,
        typer.Option(
            "--by",
            metavar="perplexity|perplexity_per_word|bits_per_byte",
            help="Figure of the thresholds.",
        ),
    ] = "perplexity",
    thresholds: Annotated[
        str | None,
        typer.Option(
            "--thresholds", metavar="200,600", help="Largest figures of head and of middle."
        ),
    ] = None,
    reference: Annotated[
        list[str] | None,
        typer.Option(
            "--reference",
            metavar="FILE",
            help="JSON lines whose quantiles become the thresholds; the shards by default.",
        ),
    ] = None,
    quantiles: Annotated[
        str | None,
        typer.Option(
            "--quantiles",
            metavar="0.3,0.6",
            help="Shares of the sample in head, and in head and middle; thirds by default.",
        ),
    ] = None,
    sample: Annotated[
        int | None,
        typer.Option(
            "--sample",
            metavar="N",
            help="Documents in the sample, the first of each file; 10000 by default.",
        ),
    ] = None,
    keep: Annotated[
        str | None,
        typer.Option("--keep", metavar="head,middle", help="Buckets to write; all by default."),
    ] = None,
    prefix: Annotated[
        str,
        typer.Option("--prefix", metavar="lm_", help="Text before the names of added values."),
    ] = "",
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Count and leave out bad records.")
    ] = False,
    processes: Annotated[
        int, typer.Option("--processes", metavar="N", help="Shards that are scored at a time.")
    ] = 1,
    engine: Annotated[
        str,
        typer.Option(
            "--engine", metavar="processes|ray", help="Processes of this machine, or Ray Data."
        ),
    ] = "processes",
    style: Annotated[
        str,
        typer.Option(
            "--style", metavar="nextword|ccnet", help="Values to write; ccnet: those of CCNet."
        ),
    ] = "nextword",
    batch_size: BatchSize = None,
    encoding: ArpaEncoding = None,
    device: Device = "auto",
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Score the documents of files of JSON lines, and sort them by perplexity.

    Each record is written with its negative log-likelihood (nats), its perplexity, its bits per
    byte and its bucket: head, middle or tail. Repeat a command that was stopped: complete files
    are kept, and the result is the same.
    """
    from nextword import api
    from nextword.cli.progress import make_progress

    folder = checked_out(out)
    with (
        _advice_on_stop(),
        make_progress(quiet=quiet, is_terminal=sys.stderr.isatty()) as progress,
    ):
        result = api.filter_shards(
            shards,
            model=model,
            out=folder,
            field=text_field,
            by=by,
            thresholds=_numbers(thresholds, "--thresholds"),
            reference=reference or (),
            quantiles=_numbers(quantiles, "--quantiles"),
            sample=sample,
            keep=None if keep is None else [name.strip() for name in keep.split(",")],
            prefix=prefix,
            skip_bad=skip_bad,
            processes=processes,
            engine=engine,
            style=style,
            batch_size=batch_size,
            device=device,
            encoding=encoding,
            on_progress=progress.on_progress,
        )
    if json:
        write_json(result.to_dict())
    else:
        write_line(aligned(_rows(result)))
    undefined = result.total("num_undefined")
    if undefined:
        remark(
            f"WARNING: {undefined:,} of {result.total('num_records'):,} documents are in tail "
            f"because they have no {result.by}: they have unknown tokens, or characters that the "
            "tokenizer drops. To compare them too, use --by perplexity."
        )


@contextmanager
def _advice_on_stop() -> Iterator[None]:
    """Let SIGTERM stop all processes, and say how to continue after a signal."""
    from nextword.training import exit_on_sigterm

    advice = "stopped; to continue, repeat the command"
    try:
        with exit_on_sigterm():
            yield
    except KeyboardInterrupt as interrupt:
        raise KeyboardInterrupt(advice) from interrupt
    except SystemExit:
        remark(advice)
        raise


def _numbers(text: str | None, option: str) -> list[float] | None:
    from nextword.base import ConfigError

    if text is None:
        return None
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise ConfigError(
            f"{option} is {text!r}; numbers separated by a comma are expected.",
            help=f"{_EXAMPLE} {option} 0.3,0.6" if option == "--quantiles" else _EXAMPLE,
        ) from error


def _rows(result: "FilterResult") -> list[tuple[str, str]]:
    low, high = result.thresholds
    limits = {"head": f"up to {low:g}", "middle": f"up to {high:g}", "tail": f"above {high:g}"}
    limits |= {"all": "none, as there is no text"}
    values = result.to_dict()
    skipped = result.total("num_skipped")

    def shown(name: str) -> str:
        return "-" if values[name] is None else f"{values[name]:.4f}"

    return [
        ("shards", f"{len(result.shards):,}, {result.num_done_before:,} of them done before"),
        ("documents", f"{result.total('num_records'):,}, {result.total('num_kept'):,} written"),
        *([("bad records", f"{skipped:,}, left out")] if skipped else []),
        ("tokens", f"{result.total('num_tokens'):,}"),
        ("perplexity", shown("perplexity")),
        ("bits per byte", shown("bits_per_byte")),
        *((f"{name}", f"{n:,}, {result.by} {limits[name]}") for name, n in result.buckets.items()),
        ("folder", result.out),
    ]

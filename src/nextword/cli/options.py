"""Options and arguments that several commands share, each described once. Knows no commands."""

from typing import Annotated

import typer

#: Seeds are numbers of 64 bits with a sign.
MAX_SEED = 2**63 - 1
DEBUG_FLAG = "--debug"

#: Accepted everywhere; `main` looks for it before anything is parsed, so no command reads it.
Debug = Annotated[bool, typer.Option(DEBUG_FLAG, help="Show tracebacks and the library's log.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]
Device = Annotated[
    str, typer.Option("--device", metavar="D", help="auto, cpu, cuda, cuda:1, mps ...")
]
Model = Annotated[
    str, typer.Argument(metavar="MODEL", help="Run folder, model folder, ARPA file or hf:NAME.")
]
Field = Annotated[
    str | None,
    typer.Option(
        "--field",
        metavar="KEY",
        help="Key of the text in JSON lines: .jsonl, .ndjson (text when not given), .json, -.",
    ),
]
ArpaEncoding = Annotated[
    str | None,
    typer.Option(
        "--encoding",
        metavar="NAME",
        help="Encoding of the words of an ARPA file, such as latin-1; UTF-8 when not given.",
    ),
]
EncodingErrors = Annotated[
    str,
    typer.Option(
        "--encoding-errors",
        metavar="strict|surrogateescape",
        help="What to do with bytes that are not UTF-8: refuse or keep them.",
    ),
]
BatchSize = Annotated[
    int | None,
    typer.Option(
        "--batch-size", metavar="N", help="Rows scored side by side; no figure depends on it."
    ),
]

#: What TEXT may be, for help texts.
TEXT_HELP = "File, folder, glob, - (standard input), .gz .bz2 .xz .zst, .jsonl, .ndjson, or stdlib:"

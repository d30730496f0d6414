"""Options and arguments that several commands share. Knows no commands."""

from typing import Annotated

import typer

#: Largest seed: a signed 64-bit integer.
MAX_SEED = 2**63 - 1
DEBUG_FLAG = "--debug"

#: Accepted by every command. `main` looks for it before parsing, so no command reads it.
Debug = Annotated[bool, typer.Option(DEBUG_FLAG, help="Show tracebacks and the library's log.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]
Device = Annotated[
    str, typer.Option("--device", metavar="D", help="Device: auto, cpu, cuda, cuda:1, mps ...")
]
Precision = Annotated[
    str | None,
    typer.Option(
        "--precision",
        metavar="P",
        help="Precision of the weights: float32, the default, or bfloat16 or int8 for a recurrent "
        "model on the CPU, which need the compiled kernels.",
    ),
]
Model = Annotated[
    str, typer.Argument(metavar="MODEL", help="Run folder, model folder, ARPA file or hf:NAME.")
]
Field = Annotated[
    str | None,
    typer.Option(
        "--field",
        metavar="KEY",
        help="Key of the text in JSON lines (.jsonl, .ndjson, .json or -); for .jsonl and .ndjson "
        "the key is text by default.",
    ),
]
ArpaEncoding = Annotated[
    str | None,
    typer.Option(
        "--encoding",
        metavar="NAME",
        help="Encoding of the words of an ARPA file, such as latin-1; UTF-8 by default.",
    ),
]
ENCODING_ERRORS_HELP = "Refuse (strict) or keep (surrogateescape) bytes that are not UTF-8."
EncodingErrors = Annotated[
    str,
    typer.Option(
        "--encoding-errors",
        metavar="strict|surrogateescape",
        help=ENCODING_ERRORS_HELP,
    ),
]
BatchSize = Annotated[
    int | None,
    typer.Option(
        "--batch-size", metavar="N", help="Number of rows in a batch; only affects speed."
    ),
]

#: Description of TEXT for help texts.
TEXT_HELP = "File, folder, glob, - (standard input), .gz .bz2 .xz .zst, .jsonl, .ndjson, or stdlib:"

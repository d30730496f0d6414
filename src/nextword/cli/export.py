"""`nextword export`: export a model to a format of other programs."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nextword.cli.loading import load_model
from nextword.cli.options import ArpaEncoding, Debug, Json, Model, Quiet
from nextword.cli.out_folder import checked_out
from nextword.cli.output import write_json, write_line

if TYPE_CHECKING:
    from nextword import api
    from nextword.training import ProgressCallback

    Exporter = Callable[[api.Model, Path, bool, ProgressCallback], Path]


def export(
    model: Model,
    to: Annotated[str, typer.Option("--to", metavar="arpa", help="Format to export to.")],
    *,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Output folder; created if missing.")
    ],
    gzip: Annotated[
        bool, typer.Option("--gzip", help="Write model.arpa.gz instead of model.arpa.")
    ] = False,
    encoding: ArpaEncoding = None,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Export a model to a format of other programs, and print the path of the file.

    An n-gram model is written to DIR/model.arpa, which KenLM, SRILM and nextword can read. An
    existing file is not replaced.
    """
    from nextword.base import ConfigError, did_you_mean
    from nextword.cli.progress import make_progress

    if to not in EXPORTERS:
        raise ConfigError(f"--to {to!r} is not a known format.", help=did_you_mean(to, EXPORTERS))
    checked_out(out)
    loaded = load_model(model, device="cpu", quiet=quiet, encoding=encoding)
    with make_progress(quiet=quiet, is_terminal=sys.stderr.isatty()) as progress:
        path = EXPORTERS[to](loaded, out, gzip, progress.on_progress)
    if json:
        size = path.stat().st_size
        write_json({"model": model, "to": to, "path": str(path), "num_bytes": size})
    else:
        write_line(str(path))


def _export_arpa(
    model: "api.Model", out: Path, is_compressed: bool, on_progress: "ProgressCallback"
) -> Path:
    path = out / ("model.arpa.gz" if is_compressed else "model.arpa")
    model.export_arpa(path, on_progress=on_progress)
    return path


#: Functions that export a model, by format.
EXPORTERS: Mapping[str, "Exporter"] = {"arpa": _export_arpa}

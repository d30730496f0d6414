"""`nextword export`: export a model to a format of other programs."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nextword.cli.loading import load_any_model
from nextword.cli.options import TEXT_HELP, ArpaEncoding, Debug, Json, Model, Quiet
from nextword.cli.out_folder import checked_out
from nextword.cli.output import remark, write_json, write_line

if TYPE_CHECKING:
    from nextword.api import Export


def export(
    model: Model,
    to: Annotated[
        str, typer.Option("--to", metavar="arpa|html|huggingface|onnx", help="Format to export to.")
    ],
    *,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="PATH",
            help="File to write for html, folder to write in for arpa, new folder for the others.",
        ),
    ],
    text: Annotated[
        list[str] | None,
        typer.Option(
            "--text",
            metavar="TEXT",
            help="html, and onnx with --int8: measure the change in perplexity on this text. "
            f"{TEXT_HELP}; repeatable.",
        ),
    ] = None,
    title: Annotated[
        str | None, typer.Option("--title", metavar="TITLE", help="html: title of the page.")
    ] = None,
    prompt: Annotated[
        str,
        typer.Option("--prompt", metavar="P", help="html: the text in the page when it is opened."),
    ] = "",
    gzip: Annotated[
        bool, typer.Option("--gzip", help="arpa: write model.arpa.gz instead of model.arpa.")
    ] = False,
    int8: Annotated[
        bool, typer.Option("--int8", help="onnx: also write model.int8.onnx, with 8-bit weights.")
    ] = False,
    encoding: ArpaEncoding = None,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Export a model to a format of other programs, and print the path of the file or folder.

    `html` writes one file that runs a network or an n-gram model in a browser, without a server or
    a network connection. Weights are rounded to 8 bits, log-probabilities of n-grams to 16 bits.

    `arpa` writes an n-gram model to PATH/model.arpa, which KenLM, SRILM and nextword can read.

    `huggingface` writes a folder that AutoModelForCausalLM and AutoTokenizer of transformers load,
    for a tagger AutoModelForTokenClassification and for a classifier
    AutoModelForSequenceClassification. It holds LSTM, projected LSTM, GRU and Elman layers.

    `onnx` writes a folder with a recurrent network for onnxruntime, its tokenizer and its settings;
    also a tagger or a classifier. The state of a language model is an input and an output.

    An existing file is not replaced.
    """
    from nextword import api
    from nextword.cli.progress import make_progress

    api.check_format(to)
    path = _file(to, out, gzip=gzip)
    loaded = load_any_model(model, device="cpu", quiet=quiet, encoding=encoding)
    with make_progress(quiet=quiet, is_terminal=sys.stderr.isatty()) as progress:
        written = api.export(
            loaded,
            to=to,
            out=path,
            texts=text,
            title=title,
            prompt=prompt,
            int8=int8,
            on_progress=progress.on_progress,
        )
    if json:
        size = written.num_bytes
        values: dict[str, Any] = {"model": model, "to": to, "path": str(path), "num_bytes": size}
        write_json(values | written.details)
        return
    write_line(str(path))
    _write_details(written, is_task=not isinstance(loaded, api.Model), quiet=quiet)


def _write_details(written: "Export", *, is_task: bool, quiet: bool) -> None:
    """Print the change by rounded weights, and a remark on what was written."""
    details = written.details
    if "perplexity" in details:
        own, rounded = details["perplexity"], details["rounded_perplexity"]
        change = 100 * (rounded / own - 1)
        write_line(f"perplexity {own:.3f}, in the file {rounded:.3f} ({change:+.2f} %)")
    if "changed_labels" in details:
        share = f"{100 * details['changed_labels']:.2f} %"
        write_line(
            f"8-bit weights change {share} of the labels of random words, and scores by at most "
            f"{details['rounded_difference']:.2g}"
        )
    if quiet:
        return
    size = f"{written.num_bytes / 1e6:.1f} MB"
    if "precision" in details:
        remark(f"{size} with {details['precision']}; open it in a browser.")
    elif "max_difference" in details:
        scores, unit = ("scores of labels", "") if is_task else ("log-probabilities", " nats")
        difference = f"{details['max_difference']:.1e}{unit}"
        remark(f"{size}; {scores} differ from the model's by at most {difference}.")
    if details.get("one_token"):
        remark("The network reads one token at a time: ONNX has no operator for its cell.")


def _file(to: str, out: Path, *, gzip: bool) -> Path:
    """Return the file to write, if the command can write it.

    Raises:
        ConfigError: The path cannot be used, or an option has no effect.
    """
    from nextword import api
    from nextword.base import ConfigError, checked_path

    if to == "arpa":
        return checked_out(out) / ("model.arpa.gz" if gzip else "model.arpa")
    if gzip:
        raise ConfigError(
            f"--gzip is only used for arpa, but --to is {to}.", help="Leave --gzip out."
        )
    if api.writes_folder(to):
        return checked_out(out)
    if str(out) == "-" or checked_path(out).is_dir():
        raise ConfigError(
            f"--out {out} is not a file name.", help="Name a new file, such as model.html."
        )
    return out

"""Exporting a model to a format of other programs, by the name of the format."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from nextword.api.model import Model
from nextword.api.texts import Texts
from nextword.base import (
    CheckpointError,
    ConfigError,
    Values,
    checked_path,
    did_you_mean,
    write_bytes,
)
from nextword.families import decode_model_settings
from nextword.storage import disk_errors

if TYPE_CHECKING:
    from nextword.interop.html import PageContents
    from nextword.training import ProgressCallback

#: Name of the model's folder in a run, which is no name for a page.
_MODEL_FOLDER = "model"


@dataclass(frozen=True, kw_only=True)
class ExportRequest:
    """What a format is asked to write.

    Attributes:
        out: The file to write.
        texts: Texts to measure the change in perplexity on, for formats that round the weights.
        title: Title of a page; the name of the model when None.
        prompt: The text in a page when it is opened.
        on_progress: Called with (stage, done, total).
    """

    out: Path
    texts: Texts | None = None
    title: str | None = None
    prompt: str = ""
    on_progress: "ProgressCallback | None" = None


@dataclass(frozen=True, kw_only=True)
class Export:
    """A file that was written.

    Attributes:
        path: The file.
        num_bytes: Its size.
        details: Facts of the format, as JSON values by name: for `html` the `precision` of the
            weights, and with `texts` the `perplexity` of the model and of the model with rounded
            weights, `rounded_perplexity`.
    """

    path: Path
    num_bytes: int
    details: Values = field(default_factory=dict)


def export(
    model: Model,
    *,
    to: str,
    out: str | Path,
    texts: Texts | None = None,
    title: str | None = None,
    prompt: str = "",
    on_progress: "ProgressCallback | None" = None,
) -> Export:
    """Write a model in a format of other programs.

    Args:
        model: The model.
        to: Name of the format: `arpa`, for n-gram models in the file format of KenLM and SRILM
            (compressed if the name of the file ends in `.gz`); or `html`, one file that runs a
            network or an n-gram model in a browser.
        out: The file to write; it must not exist. Missing folders are created.
        texts: Files, folders, globs or `stdlib:`, on which the change in perplexity by the rounded
            weights is measured; for `html`.
        title: Title of the page; the name of the model when None. For `html`.
        prompt: The text in the page when it is opened; for `html`.
        on_progress: Called with (stage, done, total) while lines are written, or a text is scored.

    Returns:
        The file and its size.

    Raises:
        CheckpointError: The file exists already, or cannot be written.
        ConfigError: The format is unknown, cannot hold this model, or does not use a setting.
        DataError: The format cannot hold the tokens of this model, or a text cannot be read.

    Example:
        `nw.export(nw.load("runs/demo"), to="html", out="demo.html", prompt="import os")`
    """
    check_format(to)
    path = checked_path(out)
    if path.exists():
        raise CheckpointError(
            f"{path} exists already; it is not replaced.",
            help="Remove it, or choose another path.",
        )
    request = ExportRequest(
        out=path, texts=texts, title=title, prompt=prompt, on_progress=on_progress
    )
    details = EXPORTERS[to](model, request)
    return Export(path=path, num_bytes=path.stat().st_size, details=details)


def check_format(to: str) -> None:
    """Raise an error if no format has this name.

    Raises:
        ConfigError: The name is unknown; the help suggests the nearest one.
    """
    if to not in EXPORTERS:
        raise ConfigError(f"{to!r} is not a known format.", help=did_you_mean(to, EXPORTERS))


def write_html_page(model: Model, request: ExportRequest) -> Values:
    """Write a page that runs a model in a browser; an existing file is replaced.

    Returns:
        The details of `Export`.

    Raises:
        CheckpointError: The file cannot be written.
        ConfigError: The page cannot compute this model.
    """
    from nextword.interop.html import html_model_page, page_contents

    contents = page_contents(model.language_model, model.tokenizer)
    details: Values = {"precision": contents.precision}
    if request.texts is not None:
        details |= _perplexities(model, contents, request)
    page = html_model_page(
        contents,
        title=_name(model) if request.title is None else request.title,
        facts=_facts(model, contents),
        prompt=request.prompt,
        remark=_remark(details),
    )
    with disk_errors(request.out):
        request.out.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(request.out, page.encode("utf-8"))
    return details


def _write_arpa(model: Model, request: ExportRequest) -> Values:
    if request.texts is not None or request.title is not None or request.prompt:
        raise ConfigError(
            "texts, title and prompt are only used for html; an ARPA file holds the probabilities "
            "themselves.",
            help="Leave them out.",
        )
    model.export_arpa(request.out, on_progress=request.on_progress)
    return {}


def _perplexities(model: Model, contents: "PageContents", request: ExportRequest) -> Values:
    """Return the perplexity with the model's own weights, and with the rounded ones."""
    rounded = Model.of(contents.dequantized, model.tokenizer, config=model.config, path=model.path)
    names = {"perplexity": (model, _name(model)), "rounded_perplexity": (rounded, "rounded")}
    return {
        key: each.evaluate(request.texts, name=name, on_progress=request.on_progress).perplexity
        for key, (each, name) in names.items()
    }


def _name(model: Model) -> str:
    path = model.path.resolve()
    return path.parent.name if path.name == _MODEL_FOLDER else path.stem


def _facts(model: Model, contents: "PageContents") -> list[str]:
    language_model = model.language_model
    if language_model.family == "ngram":
        described = f"n-grams up to {contents.data['model']['order']} tokens"
        size = f"{language_model.num_parameters:,} values"
    else:
        described = decode_model_settings(model.config, source=str(model.path)).model.describe()
        size = f"{language_model.num_parameters:,} parameters"
    tokenizer = f"{model.tokenizer.vocab_size:,} {_UNITS[model.tokenizer.unit]}"
    return [described, size, contents.precision, tokenizer, "runs offline in this page"]


_UNITS = {"word": "words", "character": "characters", "byte": "bytes", "subword": "byte pairs"}


def _remark(details: Values) -> str:
    """Return how the numbers of the page relate to those of the model."""
    text = f"Made by nextword. The page computes with {details['precision']}"
    if "perplexity" not in details:
        return f"{text}; its probabilities differ a little from those of the trained model."
    own, rounded = details["perplexity"], details["rounded_perplexity"]
    return f"{text}: perplexity {rounded:.2f}, with the trained weights {own:.2f}."


#: Functions that write a model, by the name of the format; each returns the details of `Export`.
EXPORTERS: Mapping[str, Callable[[Model, ExportRequest], Values]] = {
    "arpa": _write_arpa,
    "html": write_html_page,
}

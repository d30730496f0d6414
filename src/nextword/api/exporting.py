"""Exporting a model to a format of other programs, by the name of the format."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from nextword.api.export_request import ExportRequest, exported_name
from nextword.api.html_exporting import rounded_perplexities, write_html_page
from nextword.api.model import Model
from nextword.api.task_exporting import (
    write_huggingface_task,
    write_onnx_task,
)
from nextword.api.texts import Texts
from nextword.base import (
    CheckpointError,
    ConfigError,
    Values,
    checked_path,
    did_you_mean,
    require,
)
from nextword.storage import save_new_folder

if TYPE_CHECKING:
    from nextword.api.task_exporting import TaskWriter
    from nextword.tasks.loading import TaskModel
    from nextword.training import ProgressCallback

_SETTINGS = ("texts", "title", "prompt", "int8")


@dataclass(frozen=True, kw_only=True)
class Export:
    """A file or folder that was written.

    Attributes:
        path: The file or folder.
        num_bytes: Size of the file, or of all files in the folder.
        details: Facts of the format, as JSON values by name. For `html` the `precision` of the
            weights, and with `texts` the `perplexity` of the model and of the model with rounded
            weights, `rounded_perplexity`. For `huggingface` and `onnx` the `max_difference` of
            log-probabilities from those of the model on random tokens, in nats; for taggers and
            classifiers that of the scores of labels. For language models in `onnx` also whether the
            graph reads one token at a time, `one_token`. For taggers and classifiers in `onnx` with
            `int8` the share of labels that the rounded weights change, `changed_labels`, and the
            largest change of a score, `rounded_difference`.
    """

    path: Path
    num_bytes: int
    details: Values = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ExportFormat:
    """A format of other programs.

    Attributes:
        write: Writes a language model and returns the details of `Export`.
        write_task: Writes a tagger or a classifier; None for a format of language models only.
        settings: Names of the settings that the format uses: `texts`, `title`, `prompt`, `int8`.
        is_folder: Whether a folder is written, not a file.
    """

    write: Callable[[Model, ExportRequest], Values]
    write_task: "TaskWriter | None" = None
    settings: frozenset[str] = frozenset()
    is_folder: bool = False


def export(
    model: "Model | TaskModel",
    *,
    to: str,
    out: str | Path,
    texts: Texts | None = None,
    title: str | None = None,
    prompt: str = "",
    int8: bool = False,
    on_progress: "ProgressCallback | None" = None,
) -> Export:
    """Write a model in a format of other programs.

    Args:
        model: A language model; for `huggingface` and `onnx` also a tagger or a text classifier.
        to: Name of the format: `arpa`, for n-gram models in the file format of KenLM and SRILM
            (compressed if the name of the file ends in `.gz`); `html`, one file that runs a
            network or an n-gram model in a browser; `huggingface`, a folder that
            `AutoModelForCausalLM`, `AutoModelForTokenClassification` or
            `AutoModelForSequenceClassification` of transformers loads; or `onnx`, a folder with a
            recurrent network for onnxruntime and its tokenizer.
        out: The file or folder to write; it must not exist. A folder may be empty. Missing folders
            are created.
        texts: Files, folders, globs or `stdlib:`, on which the change in perplexity by the rounded
            weights is measured; for `html`, and for `onnx` with `int8`.
        title: Title of the page; the name of the model when None. For `html`.
        prompt: The text in the page when it is opened; for `html`.
        int8: Write the network with weights of 8 bits too; for `onnx`.
        on_progress: Called with (stage, done, total) while lines are written, or a text is scored.

    Returns:
        The file or folder and its size.

    Raises:
        CheckpointError: The file or folder exists already, or cannot be written.
        ConfigError: The format is unknown, cannot hold this model, or does not use a setting.
        DataError: The format cannot hold the tokens of this model, or a text cannot be read.
        MissingExtraError: A library that the format needs is not installed.

    Example:
        `nw.export(nw.load("runs/demo"), to="html", out="demo.html", prompt="import os")`
    """
    check_format(to)
    path = checked_path(out)
    request = ExportRequest(
        out=path, texts=texts, title=title, prompt=prompt, int8=int8, on_progress=on_progress
    )
    _check_settings(to, request)
    chosen = EXPORTERS[to]
    if path.exists() and not (chosen.is_folder and path.is_dir() and not any(path.iterdir())):
        raise CheckpointError(
            f"{path} exists already; it is not replaced.",
            help="Remove it, or choose another path.",
        )
    details = _written(model, to, request)
    return Export(path=path, num_bytes=_num_bytes(path), details=details)


def _written(model: "Model | TaskModel", to: str, request: ExportRequest) -> Values:
    """Write a model of any kind, and return the details.

    Raises:
        ConfigError: The format does not hold models of this kind.
    """
    chosen = EXPORTERS[to]
    if isinstance(model, Model):
        return chosen.write(model, request)
    if chosen.write_task is None:
        formats = [name for name, found in EXPORTERS.items() if found.write_task is not None]
        raise ConfigError(
            f"the format {to} holds language models, and this is a model of the task {model.task}.",
            help=f"Taggers and classifiers can be exported to {' and '.join(formats)}.",
        )
    return chosen.write_task(model, request)


def check_format(to: str) -> None:
    """Raise an error if no format has this name.

    Raises:
        ConfigError: The name is unknown; the help suggests the nearest one.
    """
    if to not in EXPORTERS:
        raise ConfigError(f"{to!r} is not a known format.", help=did_you_mean(to, EXPORTERS))


def writes_folder(to: str) -> bool:
    """Return whether a format is a folder, not a file.

    Raises:
        ConfigError: The name is unknown.
    """
    check_format(to)
    return EXPORTERS[to].is_folder


def _check_settings(to: str, request: ExportRequest) -> None:
    given = [name for name in _SETTINGS if getattr(request, name) not in (None, "", False)]
    for name in given:
        if name not in EXPORTERS[to].settings:
            users = [each for each, found in EXPORTERS.items() if name in found.settings]
            raise ConfigError(
                f"{name} is only used for {' and '.join(users)}, but the format is {to}.",
                help="Leave it out.",
            )


def _num_bytes(path: Path) -> int:
    files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    return sum(each.stat().st_size for each in files)


def _write_arpa(model: Model, request: ExportRequest) -> Values:
    model.export_arpa(request.out, on_progress=request.on_progress)
    return {}


def _write_huggingface(model: Model, request: ExportRequest) -> Values:
    from nextword.interop.huggingface.export import write_huggingface_folder

    details: Values = {}

    def write(folder: Path) -> None:
        written = write_huggingface_folder(
            model.language_model,
            model.tokenizer,
            folder=folder,
            name=exported_name(model),
            card=model.card,
        )
        details["num_parameters"] = written.num_parameters
        details["max_difference"] = written.max_difference

    save_new_folder(request.out, write)
    return details


def _write_onnx(model: Model, request: ExportRequest) -> Values:
    from nextword.interop.onnx import write_onnx_folder

    require(
        request.int8 or request.texts is None,
        "texts measure the change in perplexity by weights of 8 bits, but int8 is false.",
        help="Set int8 too, or leave the texts out.",
    )
    details: Values = {}

    def write(folder: Path) -> None:
        written = write_onnx_folder(
            model.language_model, model.tokenizer, folder=folder, int8=request.int8
        )
        details["max_difference"] = written.max_difference
        details["one_token"] = written.is_step
        if written.quantized is not None and request.texts is not None:
            details.update(rounded_perplexities(model, written.quantized, request=request))

    save_new_folder(request.out, write)
    return details


#: The formats by name.
EXPORTERS: Mapping[str, ExportFormat] = {
    "arpa": ExportFormat(write=_write_arpa),
    "html": ExportFormat(write=write_html_page, settings=frozenset({"texts", "title", "prompt"})),
    "huggingface": ExportFormat(
        write=_write_huggingface, write_task=write_huggingface_task, is_folder=True
    ),
    "onnx": ExportFormat(
        write=_write_onnx,
        write_task=write_onnx_task,
        settings=frozenset({"texts", "int8"}),
        is_folder=True,
    ),
}

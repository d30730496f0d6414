"""Exporting a tagger or a text classifier to a format of other programs."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nextword.api.export_request import ExportRequest, name_of_folder
from nextword.base import ConfigError, Values, require
from nextword.storage import save_new_folder

if TYPE_CHECKING:
    from nextword.tasks.loading import TaskModel

#: Writes a model of a task and returns the details of `Export`.
TaskWriter = Callable[["TaskModel", ExportRequest], Values]

_EXPORTED_TASKS = ("tagging", "classification")


def write_huggingface_task(model: "TaskModel", request: ExportRequest) -> Values:
    """Write a folder for `AutoModelForTokenClassification` or `...SequenceClassification`.

    Returns:
        The details of `Export`.

    Raises:
        ConfigError: The folder cannot hold this model.
    """
    from nextword.interop.huggingface.tasks import write_task_folder

    found, name = _exported(model)
    details: Values = {}

    def write(folder: Path) -> None:
        written = write_task_folder(found, folder=folder, name=name)
        details["num_parameters"] = written.num_parameters
        details["max_difference"] = written.max_difference

    save_new_folder(request.out, write)
    return details


def write_onnx_task(model: "TaskModel", request: ExportRequest) -> Values:
    """Write a folder with `model.onnx`, the vocabulary and the labels.

    Returns:
        The details of `Export`.

    Raises:
        ConfigError: The file cannot hold this model, or texts are given.
    """
    from nextword.interop.onnx.tasks import write_onnx_task_folder

    found, _ = _exported(model)
    require(
        request.texts is None,
        "texts measure the perplexity of language models, and this is a model of the task "
        f"{model.task}.",
        help="Leave the texts out; the change by 8-bit weights is measured on random words.",
    )
    details: Values = {}

    def write(folder: Path) -> None:
        written = write_onnx_task_folder(found, folder=folder, int8=request.int8)
        details["max_difference"] = written.max_difference
        if written.rounded is not None:
            details["changed_labels"] = written.rounded.changed_labels
            details["rounded_difference"] = written.rounded.max_difference

    save_new_folder(request.out, write)
    return details


def _exported(model: "TaskModel") -> tuple[Any, str]:
    """Return a tagger or classifier, and its name.

    Raises:
        ConfigError: The model is of another task.
    """
    if model.task not in _EXPORTED_TASKS:
        raise ConfigError(
            f"this is a model of the task {model.task}, whose search for an output is not in the "
            "formats of other programs.",
            help="Export a language model, a tagger or a text classifier.",
        )
    return model, model.task if model.path is None else name_of_folder(model.path)

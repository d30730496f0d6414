"""Loading a model of any task."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, runtime_checkable

import torch

from nextword.base import FormatError
from nextword.tasks.classification import load_classifier
from nextword.tasks.tagging import load_tagger
from nextword.tasks.transduction import load_transducer


@runtime_checkable
class TaskModel(Protocol):
    """What the models of all tasks have.

    Attributes:
        task: The task: `tagging` ...
        path: The model folder.
        card: The model card, Markdown.
    """

    task: str
    path: Path | None
    card: str

    @property
    def num_parameters(self) -> int:
        """Number of parameters."""


#: How the model of each task is loaded.
_LOADERS: dict[str, Callable[..., TaskModel]] = {
    "classification": load_classifier,
    "tagging": load_tagger,
    "transduction": load_transducer,
}


def load_task_model(path: Path, *, kind: str, device: torch.device | str = "cpu") -> TaskModel:
    """Load a model of a task.

    Args:
        path: A model folder or a run folder.
        kind: The task; see `nextword.storage.task_kind`.
        device: Device of the parameters.

    Raises:
        FormatError: The task is unknown.
    """
    if kind not in _LOADERS:
        raise FormatError(
            f"{path} contains a model of the task {kind!r}, which is unknown.",
            help="Use a newer version of nextword.",
        )
    return _LOADERS[kind](path, device=device)

"""Loading a model of any task."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, runtime_checkable

import torch

from nextword.base import FormatError, Values
from nextword.storage import load_model, read_model_config, task_kind
from nextword.tasks.classification import load_classifier
from nextword.tasks.embedding import LanguageModelVectors, VectorEncoder
from nextword.tasks.reading import load_reader
from nextword.tasks.tagging import load_tagger
from nextword.tasks.transduction import load_transducer


@runtime_checkable
class TaskModel(Protocol):
    """What the models of all tasks have.

    Attributes:
        task: The task: `tagging` ...
        path: The model folder.
        card: The model card, Markdown.
        config: The content of `config.json` but for the task.
    """

    task: str
    path: Path | None
    card: str
    config: Values

    @property
    def num_parameters(self) -> int:
        """Number of parameters."""

    def vector_encoder(
        self, *, pooling: str = "mean", layer: int = -1, batch_size: int | None = None
    ) -> VectorEncoder:
        """Return an encoder from texts to vectors; see `EncodesTexts`."""


#: How the model of each task is loaded.
_LOADERS: dict[str, Callable[..., TaskModel]] = {
    "classification": load_classifier,
    "reading": load_reader,
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


def load_vector_encoder(
    path: Path,
    *,
    device: torch.device | str = "cpu",
    pooling: str = "mean",
    layer: int = -1,
    batch_size: int | None = None,
) -> VectorEncoder:
    """Load a model of any kind, and return an encoder from texts to vectors.

    Args:
        path: A model folder or a run folder.
        device: Device of the parameters.
        pooling: From the vectors of the tokens of a text to one: `last`, `mean` or `max`.
        layer: Layer whose outputs are pooled: 0 is the embeddings, 1 the lowest layer, -1 the
            highest one.
        batch_size: Number of texts in a batch; 32 when None.

    Raises:
        CheckpointError: There is no such folder, or the model in it is damaged.
        ConfigError: The model has no hidden states, the pooling is unknown, or there is no such
            layer.
    """
    kind = task_kind(read_model_config(path)) if path.is_dir() else None
    if kind is not None:
        return load_task_model(path, kind=kind, device=device).vector_encoder(
            pooling=pooling, layer=layer, batch_size=batch_size
        )
    stored = load_model(path, device=device)
    return LanguageModelVectors(
        stored.model,
        stored.tokenizer,
        name=str(path),
        pooling=pooling,
        layer=layer,
        batch_size=batch_size,
    )

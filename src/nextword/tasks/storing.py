"""The model folder of a task: the same files as that of a language model.

config.json         task.kind, and the settings of the model
model.safetensors   the weights, those of language models inside the encoder included
tokenizer.json      vocabularies, labels, and the tokenizers of language models
README.md           the model card
MANIFEST.json       size and SHA-256 of the files above
"""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from nextword.base import FormatError, Values, checked_path
from nextword.storage import (
    ModelFolder,
    load_model_folder,
    resolve_model_folder,
    save_model_folder,
    task_kind,
    wrong_task_error,
)


@dataclass(frozen=True, kw_only=True)
class StoredTask:
    """The content of a task's model folder.

    Attributes:
        kind: The task: `tagging`, `classification` ...
        config: The settings of the model and of its training.
        tensors: Weights by name.
        vocabularies: Vocabularies and labels, as JSON values.
        card: The model card, Markdown.
        path: The folder; None before it is saved.
    """

    kind: str
    config: Values
    tensors: dict[str, Tensor]
    vocabularies: Values
    card: str
    path: Path | None = None


def save_task(folder: Path, task: StoredTask) -> None:
    """Write a model folder, or replace an existing one atomically.

    Raises:
        CheckpointError: The folder exists and is not a model folder, or writing fails.
    """
    save_model_folder(
        folder,
        ModelFolder(
            config={"task": {"kind": task.kind}, **task.config},
            tensors=task.tensors,
            tokenizer_json=json.dumps(task.vocabularies, ensure_ascii=True),
            card=task.card,
        ),
    )


def load_task(
    path: Path, *, kind: str | None = None, device: torch.device | str = "cpu"
) -> StoredTask:
    """Load the model folder of a task.

    Args:
        path: A model folder or a run folder.
        kind: The task that is expected; any when None.
        device: Device of the tensors.

    Raises:
        CheckpointError: There is no such folder, or the run has no model yet.
        FormatError: It is damaged, or holds a model of another kind.
    """
    folder = resolve_model_folder(checked_path(path))
    stored = load_model_folder(folder, device=device)
    found = task_kind(stored.config)
    if found is None or (kind is not None and found != kind):
        raise wrong_task_error(folder, stored.config, wanted=kind)
    config = {name: value for name, value in stored.config.items() if name != "task"}
    return StoredTask(
        kind=found,
        config=config,
        tensors=stored.tensors,
        vocabularies=_parse(stored.tokenizer_json, folder),
        card=stored.card,
        path=folder,
    )


def _parse(text: str, folder: Path) -> Values:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{folder / 'tokenizer.json'} is not valid JSON: {error}.") from error
    if not isinstance(values, dict):
        raise FormatError(f"{folder / 'tokenizer.json'} is not a JSON object.")
    return values

"""Models to and from model folders. Which class builds a family is the caller's to say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from nextword.base import FormatError, NextwordError, Values, did_you_mean
from nextword.models import LanguageModel, NeuralLanguageModel, load_parameter_tensors
from nextword.models import parameter_tensors as tensors_of
from nextword.storage.model_folder import (
    ModelFolder,
    load_model_folder,
    resolve_model_folder,
    save_model_folder,
)
from nextword.tokens import Tokenizer

#: Builds a model with random weights from its settings and its tokenizer.
Builder = Callable[[Values, Tokenizer], NeuralLanguageModel]


@dataclass(frozen=True, kw_only=True)
class StoredModel:
    """A model with what belongs to it.

    Attributes:
        model: In evaluation mode, on its device.
        tokenizer: Its tokenizer.
        config: `config.json` without the format version: `model`, `training`, ...
        card: The model card, Markdown.
        folder: Where it lies.
    """

    model: LanguageModel
    tokenizer: Tokenizer
    config: Values
    card: str
    folder: Path


def save_model(
    folder: Path, model: NeuralLanguageModel, *, config: Values, tokenizer: Tokenizer, card: str
) -> None:
    """Write a model folder, or replace an earlier one.

    Args:
        folder: Where.
        model: Its weights are saved.
        config: Nested values; `model.family` names the builder that can read them back.
        tokenizer: The model's tokenizer.
        card: The model card, Markdown.
    """
    save_model_folder(
        folder,
        ModelFolder(
            config=config,
            tensors=tensors_of(model),
            tokenizer_json=tokenizer.to_json(),
            card=card,
        ),
    )


def load_model(
    path: Path, *, builders: Mapping[str, Builder], device: torch.device | str = "cpu"
) -> StoredModel:
    """Load a model from a model folder or from the best model of a run folder.

    Args:
        path: The folder.
        builders: What builds each family.
        device: Where the model shall compute.

    Raises:
        CheckpointError: There is no such folder, or the run has no model yet.
        FormatError: It is no model, is damaged, newer, or of an unknown family.
        MismatchError: The weights do not fit the configuration.
    """
    folder = resolve_model_folder(path)
    stored = load_model_folder(folder)
    tokenizer = Tokenizer.from_json(stored.tokenizer_json)
    family = str(stored.config.get("model", {}).get("family"))
    if family not in builders:
        raise FormatError(
            f"{folder} holds a model of the family {family!r}, which is unknown here.",
            help=did_you_mean(family, builders),
        )
    try:
        model = builders[family](stored.config, tokenizer)
    except FormatError:
        raise
    except NextwordError as error:
        raise FormatError(
            f"{folder / 'config.json'} cannot be used: {error.message}", help=error.help
        ) from error
    load_parameter_tensors(model, stored.tensors, source=str(folder / "model.safetensors"))
    return StoredModel(
        model=model.to(device).eval(),
        tokenizer=tokenizer,
        config=stored.config,
        card=stored.card,
        folder=folder,
    )

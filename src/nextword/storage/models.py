"""Models to and from model folders. Which class builds a family is the caller's to say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from nextword.base import CheckpointError, FormatError, NextwordError, Values, did_you_mean
from nextword.models import LanguageModel, NeuralLanguageModel, load_parameter_tensors
from nextword.storage.model_folder import (
    ModelFolder,
    load_model_folder,
    resolve_model_folder,
    save_model_folder,
)
from nextword.tokens import Tokenizer


@dataclass(frozen=True, kw_only=True)
class Family:
    """How the models of one family come to be.

    Attributes:
        load: Makes a model of its settings, its tokenizer and what `LanguageModel.tensors` gave;
            the last argument says where they come from, for errors.
        build: Makes one with random weights, to be trained; None for families that are counted.
    """

    load: Callable[[Values, Tokenizer, Mapping[str, Tensor], str], LanguageModel]
    build: Callable[[Values, Tokenizer], NeuralLanguageModel] | None = None


def neural_family(build: Callable[[Values, Tokenizer], NeuralLanguageModel]) -> Family:
    """Give the family of networks that a function builds."""

    def load(
        config: Values, tokenizer: Tokenizer, tensors: Mapping[str, Tensor], source: str
    ) -> NeuralLanguageModel:
        model = build(config, tokenizer)
        load_parameter_tensors(model, tensors, source=source)
        return model.eval()

    return Family(load=load, build=build)


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
    folder: Path, model: LanguageModel, *, config: Values, tokenizer: Tokenizer, card: str
) -> None:
    """Write a model folder, or replace an earlier one.

    Args:
        folder: Where.
        model: Its tensors are saved.
        config: Nested values; `model.family` names the family that can read them back.
        tokenizer: The model's tokenizer.
        card: The model card, Markdown.
    """
    save_model_folder(
        folder,
        ModelFolder(
            config=config,
            tensors=model.tensors(),
            tokenizer_json=tokenizer.to_json(),
            card=card,
        ),
    )


def load_model(
    path: Path, *, families: Mapping[str, Family], device: torch.device | str = "cpu"
) -> StoredModel:
    """Load a model from a model folder or from the best model of a run folder.

    Args:
        path: The folder.
        families: Every family that is known, by name.
        device: Where the model shall compute, if it computes on devices.

    Raises:
        CheckpointError: There is no such folder, or the run has no model yet.
        FormatError: It is no model, is damaged, newer, or of an unknown family.
        MismatchError: The weights do not fit the configuration.
    """
    folder = resolve_model_folder(path)
    stored = load_model_folder(folder)
    tokenizer = Tokenizer.from_json(stored.tokenizer_json)
    family = str(stored.config.get("model", {}).get("family"))
    if family not in families:
        raise FormatError(
            f"{folder} holds a model of the family {family!r}, which is unknown here.",
            help=did_you_mean(family, families),
        )
    source = str(folder / "model.safetensors")
    try:
        model = families[family].load(stored.config, tokenizer, stored.tensors, source)
    except CheckpointError:
        raise
    except NextwordError as error:
        raise FormatError(
            f"{folder / 'config.json'} cannot be used: {error.message}", help=error.help
        ) from error
    if isinstance(model, NeuralLanguageModel):
        model = model.to(device)
    return StoredModel(
        model=model,
        tokenizer=tokenizer,
        config=stored.config,
        card=stored.card,
        folder=folder,
    )

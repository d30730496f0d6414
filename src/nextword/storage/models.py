"""Models to and from disk: model folders, run folders and ARPA files.

The settings of a model folder name its family; `nextword.families` builds the model.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from nextword.base import CheckpointError, FormatError, NextwordError, Values
from nextword.families import FAMILIES, ModelSettings, decode_model_settings
from nextword.models import LanguageModel, NeuralLanguageModel
from nextword.storage.arpa_file import read_arpa_file
from nextword.storage.model_folder import (
    ModelFolder,
    load_model_folder,
    resolve_model_folder,
    save_model_folder,
)
from nextword.tokens import Tokenizer

#: Models that are one file, by the end of its name; every other model is a folder.
_FILE_READERS = {".arpa": read_arpa_file, ".arpa.gz": read_arpa_file}


@dataclass(frozen=True, kw_only=True)
class StoredModel:
    """A model with what belongs to it.

    Attributes:
        model: In evaluation mode, on its device.
        tokenizer: Its tokenizer.
        config: `config.json` without the format version: `model`, `training`, ...; of a file,
            what can be read off it.
        card: The model card, Markdown; empty for a file.
        path: The folder or file it lies in.
        settings: The sections of `config` that define the model; None for a file.
    """

    model: LanguageModel
    tokenizer: Tokenizer
    config: Values
    card: str
    path: Path
    settings: ModelSettings | None = None


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
    path: Path,
    *,
    device: torch.device | str = "cpu",
    on_progress: Callable[[int], None] | None = None,
) -> StoredModel:
    """Load a model from a model folder, from the best model of a run folder, or from an ARPA file.

    Args:
        path: The folder or file; what it is is told by its name.
        device: Where the model shall compute, if it computes on devices.
        on_progress: Is told how many lines were read of a file that is read by lines.

    Raises:
        CheckpointError: There is no such folder or file, or the run has no model yet.
        FormatError: It is no model, is damaged, newer, or of an unknown family.
        MismatchError: The weights do not fit the configuration.
    """
    if not path.is_dir():
        for suffix, read in _FILE_READERS.items():
            if path.name.lower().endswith(suffix):
                model, tokenizer = read(path, on_progress=on_progress)
                config = {"model": {"family": model.family, "order": model.order}}
                return StoredModel(
                    model=model, tokenizer=tokenizer, config=config, card="", path=path
                )
    return _load_folder(resolve_model_folder(path), device=device)


def _load_folder(folder: Path, *, device: torch.device | str) -> StoredModel:
    def is_mapped(config: Values) -> bool:
        name = _family_name(config)
        return name in FAMILIES and FAMILIES[name].is_mapped

    stored = load_model_folder(folder, is_mapped=is_mapped)
    tokenizer = Tokenizer.from_json(stored.tokenizer_json)
    family = _family_name(stored.config)
    if family not in FAMILIES:
        raise FormatError(
            f"{folder} holds a model of the family {family!r}, which is unknown.",
            help=FAMILIES.hint(family),
        )
    try:
        settings = decode_model_settings(stored.config, source="config.json")
        model = settings.model.load(
            stored.tensors,
            settings.network(tokenizer.vocabulary_spec),
            source=str(folder / "model.safetensors"),
        )
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
        path=folder,
        settings=settings,
    )


def _family_name(config: Values) -> str:
    return str(config.get("model", {}).get("family"))

"""Saving and loading models: model folders, run folders and ARPA files."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from nextword.base import (
    CheckpointError,
    ConfigError,
    FormatError,
    NextwordError,
    Values,
    checked_path,
)
from nextword.families import FAMILIES, ModelSettings, decode_model_settings
from nextword.models import LanguageModel
from nextword.storage.arpa_file import read_arpa_file
from nextword.storage.format_version import DAMAGED_HELP
from nextword.storage.model_folder import (
    ModelFolder,
    load_model_folder,
    resolve_model_folder,
    save_model_folder,
)
from nextword.storage.tasks import task_kind, wrong_task_error
from nextword.storage.values import read_values
from nextword.tokens import RESETS, Tokenizer, VocabularyTokenizer

#: Suffixes of the files in a model folder; a path to one of them is not an ARPA file.
_FOLDER_SUFFIXES = frozenset({".safetensors", ".json", ".toml", ".md"})


@dataclass(frozen=True, kw_only=True)
class StoredModel:
    """A loaded model with its tokenizer and settings.

    Attributes:
        model: The model, in evaluation mode, on its device.
        tokenizer: Its tokenizer.
        config: The content of `config.json` without the format version: `model`, `training`, ...;
            for an ARPA file, family and order.
        card: The model card, Markdown; empty for an ARPA file.
        path: The folder or file it was loaded from.
        settings: The decoded sections of `config` that define the model; None for an ARPA file.
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
    """Write a model folder, or replace an existing one atomically.

    Args:
        folder: The folder to write.
        model: The model whose tensors are saved.
        config: Nested values; `model.family` names the family that loads the tensors.
        tokenizer: The model's tokenizer.
        card: The model card, Markdown.

    Raises:
        CheckpointError: The folder exists and is not a model folder, or writing fails.
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
    encoding: str | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> StoredModel:
    """Load a model from a model folder, from the best model of a run folder, or from an ARPA file.

    Args:
        path: The folder or file. A file is read as an ARPA file, whatever its name.
        device: Device of a neural model; n-gram models stay on the CPU.
        encoding: Encoding of the words of an ARPA file; UTF-8 when None.
        on_progress: Called with the number of lines of an ARPA file read so far.

    Raises:
        ConfigError: The path is invalid, the encoding is unknown, or an encoding is given for a
            model folder.
        CheckpointError: There is no such folder or file, or the run has no model yet.
        FormatError: It is not a model, is damaged, was written by a newer nextword, or its family
            is unknown.
        MismatchError: The weights do not fit the configuration.
    """
    path = checked_path(path)
    if _is_arpa(path):
        model, tokenizer = read_arpa_file(
            path, encoding="utf-8" if encoding is None else encoding, on_progress=on_progress
        )
        config = {"model": {"family": model.family, "order": model.order}}
        return StoredModel(model=model, tokenizer=tokenizer, config=config, card="", path=path)
    if encoding is not None:
        raise ConfigError(
            f"an encoding ({encoding!r}) is only used for ARPA files; {path} is not one.",
            help="Leave --encoding out.",
        )
    return _load_folder(resolve_model_folder(path), device=device)


def _is_arpa(path: Path) -> bool:
    """Return whether a path is an ARPA file, by its name if it does not exist."""
    if path.exists():
        return not path.is_dir() and path.suffix.lower() not in _FOLDER_SUFFIXES
    return ".arpa" in (suffix.lower() for suffix in path.suffixes)


def read_model_config(path: Path) -> Values:
    """Read the settings of a model without its tensors.

    Args:
        path: A model folder or a run folder.

    Returns:
        The content of `config.json`; empty if the path is a file.

    Raises:
        CheckpointError: There is no such folder, or the run has no model yet.
        FormatError: It is not a model folder.
    """
    if not path.is_dir():
        return {}
    return read_values(resolve_model_folder(path) / "config.json")


def _load_folder(folder: Path, *, device: torch.device | str) -> StoredModel:
    def is_mapped(config: Values) -> bool:
        name = _family_name(config)
        return name in FAMILIES and FAMILIES[name].is_mapped

    stored = load_model_folder(folder, is_mapped=is_mapped)
    if task_kind(stored.config) is not None:
        raise wrong_task_error(folder, stored.config, wanted=None)
    _check_sections(stored.config, str(folder / "config.json"))
    tokenizer = VocabularyTokenizer.from_json(stored.tokenizer_json)
    family = _family_name(stored.config)
    if family not in FAMILIES:
        raise FormatError(
            f"{folder} contains a model of the family {family!r}, which is unknown.",
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
    except (RuntimeError, TypeError, ValueError, OverflowError, MemoryError) as error:
        raise FormatError(
            f"{folder / 'config.json'} cannot be used: the model cannot be built "
            f"({type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}).",
            help=DAMAGED_HELP,
        ) from error
    if isinstance(model, nn.Module):
        model = model.to(device)
    return StoredModel(
        model=model,
        tokenizer=tokenizer,
        config=stored.config,
        card=stored.card,
        path=folder,
        settings=settings,
    )


def _check_sections(config: Values, source: str) -> None:
    """Raise a FormatError for sections that are not objects, and for an unknown training.reset."""
    for section, values in config.items():
        if section != "description" and not isinstance(values, dict):
            raise FormatError(
                f"{source} has {values!r} as {section}; expected a section.",
                help=DAMAGED_HELP,
            )
    reset = config.get("training", {}).get("reset", RESETS[0])
    if reset not in RESETS:
        raise FormatError(
            f"{source} has the training.reset {reset!r}.",
            help=f"It is one of {', '.join(RESETS)}. {DAMAGED_HELP}",
        )


def _family_name(config: Values) -> str:
    model = config.get("model")
    return str(model.get("family")) if isinstance(model, dict) else "None"

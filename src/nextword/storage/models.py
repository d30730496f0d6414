"""Models to and from disk: model folders, run folders and ARPA files.

The settings of a model folder name its family; `nextword.families` builds the model.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from nextword.base import (
    CheckpointError,
    ConfigError,
    FormatError,
    NextwordError,
    Values,
    checked_path,
)
from nextword.families import FAMILIES, ModelSettings, decode_model_settings
from nextword.models import LanguageModel, NeuralLanguageModel
from nextword.storage.arpa_file import read_arpa_file
from nextword.storage.format_version import DAMAGED_HELP
from nextword.storage.model_folder import (
    ModelFolder,
    load_model_folder,
    resolve_model_folder,
    save_model_folder,
)
from nextword.storage.values import read_values
from nextword.tokens import RESETS, Tokenizer, VocabularyTokenizer

#: Suffixes of files that lie in a model folder, where the folder is the model.
_FOLDER_SUFFIXES = frozenset({".safetensors", ".json", ".toml", ".md"})


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
    encoding: str | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> StoredModel:
    """Load a model from a model folder, from the best model of a run folder, or from an ARPA file.

    Args:
        path: The folder or file. A file is read as an ARPA file whatever its name.
        device: Where the model shall compute, if it computes on devices.
        encoding: Encoding of the words of an ARPA file; UTF-8 when None.
        on_progress: Is told how many lines were read of an ARPA file.

    Raises:
        ConfigError: No file system can hold the path.
        CheckpointError: There is no such folder or file, or the run has no model yet.
        FormatError: It is no model, is damaged, newer, or of an unknown family.
        MismatchError: The weights do not fit the configuration.
        ConfigError: The encoding is unknown, or the model is no ARPA file.
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
            f"an encoding ({encoding!r}) is of use for ARPA files only; {path} is none.",
            help="Leave --encoding out.",
        )
    return _load_folder(resolve_model_folder(path), device=device)


def _is_arpa(path: Path) -> bool:
    """Return whether a path is a file that can be a model, or is named like one."""
    if path.exists():
        return not path.is_dir() and path.suffix.lower() not in _FOLDER_SUFFIXES
    return ".arpa" in (suffix.lower() for suffix in path.suffixes)


def read_model_config(path: Path) -> Values:
    """Read the settings of a model without its tensors.

    Args:
        path: A model folder or a run folder; of any other file, nothing is known.

    Raises:
        CheckpointError: There is no such folder, or the run has no model yet.
        FormatError: It is no model folder.
    """
    if not path.is_dir():
        return {}
    return read_values(resolve_model_folder(path) / "config.json")


def _load_folder(folder: Path, *, device: torch.device | str) -> StoredModel:
    def is_mapped(config: Values) -> bool:
        name = _family_name(config)
        return name in FAMILIES and FAMILIES[name].is_mapped

    stored = load_model_folder(folder, is_mapped=is_mapped)
    _check_sections(stored.config, str(folder / "config.json"))
    tokenizer = VocabularyTokenizer.from_json(stored.tokenizer_json)
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
    except (RuntimeError, TypeError, ValueError, OverflowError, MemoryError) as error:
        raise FormatError(
            f"{folder / 'config.json'} cannot be used: no model can be built of it "
            f"({type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}).",
            help=DAMAGED_HELP,
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


def _check_sections(config: Values, source: str) -> None:
    """Refuse settings that are read from the configuration as they stand, where they are wrong."""
    for section, values in config.items():
        if section != "description" and not isinstance(values, dict):
            raise FormatError(
                f"{source} holds {values!r} as {section}; a section is expected.",
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

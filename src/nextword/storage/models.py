"""Models to and from disk: model folders, run folders and ARPA files.

Which class builds a family is the caller's to say.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from nextword.base import (
    CheckpointError,
    ConfigError,
    FormatError,
    NextwordError,
    Values,
    checked_path,
    did_you_mean,
)
from nextword.models import LanguageModel, NeuralLanguageModel, check_parameter_shapes
from nextword.storage.arpa_file import read_arpa_file
from nextword.storage.format_version import DAMAGED_HELP
from nextword.storage.model_folder import (
    ModelFolder,
    load_model_folder,
    resolve_model_folder,
    save_model_folder,
)
from nextword.storage.values import read_values
from nextword.tokens import RESETS, Tokenizer

#: Suffixes of files that lie in a model folder, where the folder is the model.
_FOLDER_SUFFIXES = frozenset({".safetensors", ".json", ".toml", ".md"})


@dataclass(frozen=True, kw_only=True)
class Family:
    """How the models of one family come to be.

    Attributes:
        load: Makes a model of its settings, its tokenizer and what `LanguageModel.tensors` gave;
            the last argument says where they come from, for errors.
        build: Makes one with random weights, to be trained; None for families that are counted.
        is_mapped: Whether `load` is given tensors that stay in their file, mapped into memory:
            for families whose models only look things up in them.
    """

    load: Callable[[Values, Tokenizer, Mapping[str, Tensor], str], LanguageModel]
    build: Callable[[Values, Tokenizer], NeuralLanguageModel] | None = None
    is_mapped: bool = False


def neural_family(build: Callable[[Values, Tokenizer], NeuralLanguageModel]) -> Family:
    """Give the family of networks that a function builds."""

    def load(
        config: Values, tokenizer: Tokenizer, tensors: Mapping[str, Tensor], source: str
    ) -> NeuralLanguageModel:
        planned = _planned(build, config, tokenizer)
        if planned is not None:
            # Before any memory is taken: a configuration may ask for far more than there is.
            check_parameter_shapes(dict(planned.named_parameters()), tensors, source=source)
        model = build(config, tokenizer)
        model.load_tensors(tensors, source=source)
        return model.eval()

    return Family(load=load, build=build)


def _planned(
    build: Callable[[Values, Tokenizer], NeuralLanguageModel], config: Values, tokenizer: Tokenizer
) -> NeuralLanguageModel | None:
    """Build the model without memory for its weights; None where its family cannot do without."""
    try:
        with torch.device("meta"):
            return build(config, tokenizer)
    except NextwordError:
        raise
    except (RuntimeError, NotImplementedError, TypeError, ValueError, OverflowError):
        return None


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
    """

    model: LanguageModel
    tokenizer: Tokenizer
    config: Values
    card: str
    path: Path


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
    families: Mapping[str, Family],
    device: torch.device | str = "cpu",
    encoding: str | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> StoredModel:
    """Load a model from a model folder, from the best model of a run folder, or from an ARPA file.

    Args:
        path: The folder or file. A file is read as an ARPA file whatever its name.
        families: Every family that is known, by name.
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
    return _load_folder(resolve_model_folder(path), families=families, device=device)


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


def _load_folder(
    folder: Path, *, families: Mapping[str, Family], device: torch.device | str
) -> StoredModel:
    def is_mapped(config: Values) -> bool:
        family = families.get(_family_name(config))
        return family is not None and family.is_mapped

    stored = load_model_folder(folder, is_mapped=is_mapped)
    _check_sections(stored.config, str(folder / "config.json"))
    tokenizer = Tokenizer.from_json(stored.tokenizer_json)
    family = _family_name(stored.config)
    if family not in families:
        raise FormatError(
            f"{folder} holds a model of the family {family!r}, which is unknown here.",
            help=did_you_mean(family, families)
            + " One of your own is known after nextword.register_family.",
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

"""The model folder: settings, weights, tokenizer and card of one trained model.

The content is plain data: JSON values, named tensors and text. Loading does not execute code from
the folder.

    config.json         family, sizes, format_version
    model.safetensors   the weights
    tokenizer.json      the tokenizer, as its own JSON text
    README.md           the model card; may be edited
    MANIFEST.json       size and SHA-256 of the files above
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor

from nextword.base import CheckpointError, FormatError, Values
from nextword.storage.folders import read_folder, recover_folder, save_folder
from nextword.storage.format_version import FORMAT_VERSION, check_format_version
from nextword.storage.manifest import MANIFEST_NAME, verify_manifest
from nextword.storage.tensors_file import map_tensors, read_tensors, write_tensors
from nextword.storage.values import read_values, render_values

_CONFIG = "config.json"
_TENSORS = "model.safetensors"
_TOKENIZER = "tokenizer.json"
_CARD = "README.md"
_REQUIRED = (_CONFIG, _TENSORS, _TOKENIZER)

_RUN_CONFIG = "config.toml"
_RUN_MODEL = "model"


#: Number of models that an error names.
_NUM_MODELS_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class ModelFolder:
    """The content of a model folder.

    Attributes:
        config: Nested JSON values; the key "format_version" is reserved.
        tensors: Weights by name. Weights that share storage are stored, and loaded, separately.
        tokenizer_json: The tokenizer as JSON text.
        card: The model card, Markdown.
    """

    config: Values
    tensors: dict[str, Tensor]
    tokenizer_json: str
    card: str


def save_model_folder(folder: Path, model_folder: ModelFolder) -> None:
    """Write a model folder, or replace an existing one atomically.

    Args:
        folder: The folder to write.
        model_folder: Its content.

    Raises:
        CheckpointError: The values cannot be stored, the folder exists and is not a model folder,
            or writing fails. An existing model is unchanged.
    """
    if "format_version" in model_folder.config:
        raise CheckpointError(
            "the configuration contains format_version, which is reserved.",
            help="Leave it out.",
        )

    def write(temporary: Path) -> None:
        config = {"format_version": FORMAT_VERSION, **model_folder.config}
        (temporary / _CONFIG).write_bytes(render_values(config))
        (temporary / _TOKENIZER).write_bytes(model_folder.tokenizer_json.encode("utf-8"))
        (temporary / _CARD).write_bytes(model_folder.card.encode("utf-8", errors="replace"))
        write_tensors(temporary / _TENSORS, model_folder.tensors)

    save_folder(folder, write)


def load_model_folder(
    folder: Path,
    *,
    device: torch.device | str = "cpu",
    is_mapped: Callable[[Values], bool] | None = None,
) -> ModelFolder:
    """Load a model folder after verifying the checksums of all files but the card.

    Args:
        folder: A model folder; `resolve_model_folder` finds the one of a run.
        device: Device of the tensors.
        is_mapped: Called with the configuration; returns whether the tensors are memory-mapped
            instead of copied. They are copied when None.

    Raises:
        CheckpointError: There is no such folder, or it cannot be read.
        FormatError: It is not a model folder, is damaged, or was written by a newer nextword.
    """

    def read(found: Path) -> ModelFolder:
        _check_model_folder(found)
        verify_manifest(found, required=_REQUIRED, editable={_CARD})
        config = read_values(found / _CONFIG)
        check_format_version(config, source=str(found / _CONFIG))
        del config["format_version"]
        mapped = is_mapped is not None and is_mapped(config)
        tensors = (map_tensors if mapped else read_tensors)(found / _TENSORS)
        return ModelFolder(
            config=config,
            tensors={name: tensor.to(device) for name, tensor in tensors.items()},
            tokenizer_json=_read_text(found / _TOKENIZER),
            card=_read_card(found / _CARD),
        )

    return read_folder(folder, read)


def resolve_model_folder(path: Path) -> Path:
    """Return the model folder of a path: the path itself, or the best model of a run folder.

    Args:
        path: A model folder or a run folder.

    Raises:
        CheckpointError: There is no such folder, or the run has no model yet.
        FormatError: It is neither a model folder nor a run folder.
    """
    recover_folder(path)
    _check_folder(path)
    if not _missing_names(path):
        return path
    if (path / _RUN_CONFIG).is_file():
        return _model_of_run(path)
    raise _not_a_model_folder(path)


def _model_of_run(run: Path) -> Path:
    model = run / _RUN_MODEL
    recover_folder(model)
    if not model.is_dir():
        raise CheckpointError(
            f"the run {run} has no model yet.",
            help="It is written after the first validation; continue the run with --resume auto.",
        )
    return model


def _check_model_folder(folder: Path) -> None:
    _check_folder(folder)
    if _missing_names(folder):
        raise _not_a_model_folder(folder)


def _check_folder(folder: Path) -> None:
    if not folder.exists():
        raise CheckpointError(f"there is no folder {folder}.", help="Check the path.")
    if not folder.is_dir():
        raise FormatError(
            f"{folder} is a file; a model is a folder.",
            help="Name the folder that contains it.",
        )


def _missing_names(folder: Path) -> list[str]:
    return [name for name in (*_REQUIRED, MANIFEST_NAME) if not (folder / name).is_file()]


def _not_a_model_folder(folder: Path) -> FormatError:
    missing = ", ".join(_missing_names(folder))
    help = "Name a folder that nextword train or nextword export has written."
    if (folder / _RUN_CONFIG).is_file():
        help = f"It is a run folder; its model is {folder / _RUN_MODEL}."
    elif inside := _models_inside(folder):
        help = f"It contains models: {', '.join(map(str, inside))}."
    return FormatError(f"{folder} is not a model folder: {missing} missing.", help=help)


def _models_inside(folder: Path) -> list[Path]:
    """Return the first few run folders and model folders in a folder."""
    found = (
        path
        for path in sorted(folder.iterdir())
        if path.is_dir() and ((path / _RUN_MODEL).is_dir() or not _missing_names(path))
    )
    return list(islice(found, _NUM_MODELS_SHOWN))


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(f"{path} is not UTF-8: {error}.") from error


def _read_card(path: Path) -> str:
    """Return the text of the card, which may have been edited or removed."""
    return path.read_bytes().decode("utf-8", errors="replace") if path.is_file() else ""

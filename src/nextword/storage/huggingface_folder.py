"""Find the folder of a transformers model and check that it is complete."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nextword.base import CheckpointError, FormatError, MissingExtraError

#: Prefix of the names of Hugging Face models.
HUGGINGFACE_PREFIX = "hf:"

_SAVE_AGAIN = "Save the model there again with save_pretrained."
_FILES = ("*.json", "*.safetensors", "*.txt", "*.model")
_PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt")
_TOKENIZER = ("tokenizer.*", "vocab.*", "*.model", "*.tiktoken")


def find_huggingface_folder(name: str) -> Path:
    """Return the folder of a model; download it from the hub if there is no such folder.

    Args:
        name: A folder, or a name on the hub.

    Raises:
        CheckpointError: There is no such folder, and the hub has no such model or is not reachable.
        MissingExtraError: transformers is not installed.
    """
    import_transformers()
    from huggingface_hub import snapshot_download

    folder = Path(name).expanduser()
    if folder.exists() or not name or name.startswith((".", "/", "~")) or name.count("/") > 1:
        return folder
    try:
        return Path(snapshot_download(name, allow_patterns=list(_FILES)))
    except Exception as error:
        raise CheckpointError(
            f"{name} is not a folder, and the Hugging Face hub has no model of that name "
            f"({first_sentence(error)}).",
            help="Check the name, or name a folder that save_pretrained wrote.",
        ) from error


def check_huggingface_folder(folder: Path) -> None:
    """Raise an error if a folder lacks the settings, weights or tokenizer of a model.

    Raises:
        CheckpointError: There is no such folder.
        FormatError: The folder is not a transformers model, or a part is missing.
    """
    if not folder.is_dir():
        raise CheckpointError(
            f"there is no folder {folder}.", help="Name a folder that save_pretrained wrote."
        )
    if (folder / "MANIFEST.json").is_file() or (folder / "config.toml").is_file():
        raise FormatError(
            f"{folder} contains a nextword model, not a transformers model.",
            help=f"Leave out {HUGGINGFACE_PREFIX} before its name.",
        )
    if not (folder / "config.json").is_file():
        raise FormatError(
            f"{folder} is not a Hugging Face model: config.json is missing.",
            help="Name a folder that save_pretrained wrote.",
        )
    if not any(folder.glob("*.safetensors")):
        pickled = [path.name for pattern in _PICKLED for path in sorted(folder.glob(pattern))]
        raise FormatError(
            f"{folder} has no weights: there is no file *.safetensors in it.",
            help=f"{pickled[0]} is not read, as it may run code; save it as safetensors."
            if pickled
            else _SAVE_AGAIN,
        )
    _check_settings(folder)
    _check_indexes(folder)
    if not any(path for pattern in _TOKENIZER for path in folder.glob(pattern)):
        raise FormatError(
            f"{folder} has no tokenizer.", help="Save it beside the weights, with save_pretrained."
        )


def _check_settings(folder: Path) -> None:
    """Refuse encoder-decoders, adapters, and settings that name other weights files."""
    settings = _read_json(folder / "config.json")
    names = settings.get("architectures") or ["a model"]
    if settings.get("is_encoder_decoder"):
        raise FormatError(
            f"{folder} contains an encoder-decoder ({names[0]}), which cannot be used.",
            help="Name a causal language model, or for encoder.huggingface an encoder.",
        )
    weights = settings.get("transformers_weights")
    if weights is not None:
        _check_weights_name(folder / "config.json", str(weights).removesuffix(".index.json"))
    if (folder / "adapter_config.json").is_file():
        raise FormatError(
            f"{folder} contains an adapter to another model (adapter_config.json).",
            help="Merge it into that model and save the result with save_pretrained.",
        )


def _check_indexes(folder: Path) -> None:
    """Refuse an index that names a file other than a safetensors file of the same folder."""
    for index in sorted(folder.glob("*.safetensors.index.json")):
        places = _read_json(index).get("weight_map")
        if not isinstance(places, dict):
            raise FormatError(f"{index} has no weight_map.", help=_SAVE_AGAIN)
        for name in sorted({str(place) for place in places.values()}):
            _check_weights_name(index, name)
            if not (folder / name).is_file():
                raise FormatError(
                    f"{index} names {name}, which is not there.",
                    help="Copy or download the folder again.",
                )


def _check_weights_name(source: Path, name: str) -> None:
    if Path(name).name != name or not name.endswith(".safetensors"):
        raise FormatError(
            f"{source} names the weights file {name!r}; only files *.safetensors in the same "
            "folder are read, as others may run code.",
            help=_SAVE_AGAIN,
        )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise FormatError(
            f"{path} cannot be read as JSON: {first_sentence(error)}.", help=_SAVE_AGAIN
        ) from error
    if not isinstance(content, dict):
        raise FormatError(f"{path} does not contain a JSON object.", help=_SAVE_AGAIN)
    return content


def import_transformers() -> Any:
    """Import and return the transformers module.

    Raises:
        MissingExtraError: transformers is not installed.
    """
    try:
        import transformers
    except ImportError as error:
        raise MissingExtraError(
            "Hugging Face models need transformers, which is not installed.",
            help="pip install 'nextword[hf]'",
        ) from error
    return transformers


def first_sentence(error: Exception) -> str:
    """Return the first sentence of an error message; those of transformers fill paragraphs."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].split(". ")[0].rstrip(".:")


@contextmanager
def no_progress_bar() -> Iterator[None]:
    """Disable the progress bars of transformers; only the command line writes to the terminal."""
    logging = import_transformers().utils.logging
    was_enabled = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if was_enabled:
            logging.enable_progress_bar()

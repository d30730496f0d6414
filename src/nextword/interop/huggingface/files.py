"""Finding the folder of a transformers model, and saying plainly what it lacks."""

from pathlib import Path
from typing import Any

from nextword.base import CheckpointError, FormatError, MissingExtraError

#: What the name of such a model begins with.
HUGGINGFACE_PREFIX = "hf:"

_FILES = ("*.json", "*.safetensors", "*.txt", "*.model")
_PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt")
_TOKENIZER = ("tokenizer.*", "vocab.*", "*.model", "*.tiktoken")


def find_folder(name: str) -> Path:
    """Give the folder of that name, or fetch the files of that name from the hub.

    Raises:
        CheckpointError: There is no such folder, nor such a name within reach.
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
            f"{name} is no folder, and the Hugging Face hub gives no model of that name "
            f"({first_line(error)}).",
            help="Check the name, or name a folder that save_pretrained wrote.",
        ) from error


def check_folder(folder: Path) -> None:
    """Refuse a folder that lacks settings, weights or tokenizer, in a line instead of paragraphs.

    Raises:
        CheckpointError: There is no such folder.
        FormatError: It is no model of transformers, or lacks a part.
    """
    if not folder.is_dir():
        raise CheckpointError(
            f"there is no folder {folder}.", help="Name a folder that save_pretrained wrote."
        )
    if (folder / "MANIFEST.json").is_file() or (folder / "config.toml").is_file():
        raise FormatError(
            f"{folder} holds a model of nextword, not one of transformers.",
            help=f"Leave out {HUGGINGFACE_PREFIX} before its name.",
        )
    if not (folder / "config.json").is_file():
        raise FormatError(
            f"{folder} is no Hugging Face model: config.json is missing.",
            help="Name a folder that save_pretrained wrote.",
        )
    if not any(folder.glob("*.safetensors")):
        pickled = [path.name for pattern in _PICKLED for path in sorted(folder.glob(pattern))]
        raise FormatError(
            f"{folder} has no weights: there is no file *.safetensors in it.",
            help=f"{pickled[0]} is not read, as it may run code; save it as safetensors."
            if pickled
            else "Save the model there once more, with save_pretrained.",
        )
    if not any(path for pattern in _TOKENIZER for path in folder.glob(pattern)):
        raise FormatError(
            f"{folder} has no tokenizer.", help="Save it beside the weights, with save_pretrained."
        )


def import_transformers() -> Any:
    """Give transformers.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        import transformers
    except ImportError as error:
        raise MissingExtraError(
            f"{HUGGINGFACE_PREFIX} models need transformers, which is not installed.",
            help="pip install 'nextword[hf]'",
        ) from error
    return transformers


def first_line(error: Exception) -> str:
    """Give what an error says first, without its end; transformers goes on for paragraphs."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].split(". ")[0].rstrip(".:")

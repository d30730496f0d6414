"""Loading a model, wherever it lies."""

from functools import partial
from pathlib import Path

from nextword.api.model import Model
from nextword.base import checked_path
from nextword.interop import HUGGINGFACE_PREFIX, load_huggingface
from nextword.storage import load_model
from nextword.tensors import resolve_device
from nextword.training import StageProgress


def load(
    path: str | Path,
    *,
    device: str = "cpu",
    encoding: str | None = None,
    on_stage: StageProgress | None = None,
) -> Model:
    """Load a model: a model folder, a run folder, an ARPA file, compressed or not, or `hf:NAME`.

    Args:
        path: The folder or file; behind `hf:`, the folder of a transformers model or its name on
            the Hugging Face hub.
        device: Where a network shall compute; n-grams are looked up on the CPU wherever that is.
        encoding: Encoding of the words of an ARPA file, such as `latin-1`; UTF-8 when None.
        on_stage: Is told how many lines were read of an ARPA file.

    Raises:
        CheckpointError: There is no such folder or file, or it holds no sound model.
        ConfigError: There is no such device or encoding, an encoding is given for a model that
            is no ARPA file, or no file system can hold the path.
        MissingExtraError: It is an `hf:` model, and transformers is not installed.
    """
    placed = resolve_device(device)
    if str(path).startswith(HUGGINGFACE_PREFIX) and encoding is None:
        name = str(path).removeprefix(HUGGINGFACE_PREFIX)
        checked_path(name)
        return Model(load_huggingface(name, device=placed))
    told = None if on_stage is None else partial(on_stage, f"reading lines of {path}")
    return Model(load_model(checked_path(path), device=placed, encoding=encoding, on_progress=told))

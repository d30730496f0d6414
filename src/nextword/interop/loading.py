"""Loading a model of any kind from its path. Imports torch when called."""

from pathlib import Path
from typing import TYPE_CHECKING

from nextword.base import checked_path

if TYPE_CHECKING:
    from nextword.storage import StoredModel

_HUGGINGFACE_PREFIX = "hf:"


def load_stored(
    path: str | Path, *, device: str = "cpu", encoding: str | None = None
) -> "StoredModel":
    """Load a language model with its tokenizer.

    Args:
        path: Run folder, model folder, ARPA file, or `hf:NAME`.
        device: Device of a neural model, such as `cpu`, `cuda` or `auto`.
        encoding: Encoding of the words of an ARPA file; UTF-8 when None.

    Raises:
        CheckpointError: There is no such model, or it is damaged.
        ConfigError: The device or encoding is unknown or has no effect.
    """
    from nextword.storage import load_model
    from nextword.tensors import resolve_device

    placed = resolve_device(device)
    if str(path).startswith(_HUGGINGFACE_PREFIX) and encoding is None:
        from nextword.interop.huggingface import load_huggingface

        return load_huggingface(str(path).removeprefix(_HUGGINGFACE_PREFIX), device=placed)
    return load_model(checked_path(path), device=placed, encoding=encoding)

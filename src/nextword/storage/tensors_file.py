"""Named tensors in one safetensors file, and back: no pickle, no code.

Knows nothing of models: names are opaque. Tensors that share storage are written out one by one;
whoever ties weights ties them again after loading.
"""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from nextword.base import CheckpointError, FormatError
from nextword.storage.format_version import DAMAGED_HELP

_RESERVED_NAME = "__metadata__"


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write named tensors of any shape, type, layout in memory and device.

    Args:
        path: The file; its permissions and durability are the caller's business.
        tensors: Dense tensors; sharing storage is fine.

    Raises:
        CheckpointError: A tensor cannot be stored, or the disk refuses.
    """
    stored = _storable(tensors)
    try:
        save_file(stored, path)
    except SafetensorError as error:
        raise CheckpointError(
            f"cannot write {path}: {error}.",
            help="Choose a folder that can be written.",
        ) from error
    except (KeyError, ValueError) as error:
        raise CheckpointError(
            f"cannot write {path}: a tensor is not of a type that safetensors knows ({error}).",
            help="Save it as one of the usual types.",
        ) from error


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read named tensors into the memory of the CPU.

    Raises:
        FormatError: It is not a safetensors file.
    """
    return {name: tensor.clone() for name, tensor in map_tensors(path).items()}


def map_tensors(path: Path) -> dict[str, Tensor]:
    """Map named tensors into memory: pages are read when they are used, and shared by processes.

    They are windows on the file. A file that is replaced or removed stays readable through them,
    as ours always are; one that is changed or cut in place changes them, or ends the process.

    Raises:
        FormatError: It is not a safetensors file.
    """
    try:
        return load_file(path, device="cpu")
    except (SafetensorError, RuntimeError, ValueError, KeyError) as error:
        # RuntimeError: torch maps the file a second time, and by then it may be gone.
        raise FormatError(
            f"{path} is not a sound safetensors file: {error}.", help=DAMAGED_HELP
        ) from error


def _storable(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Detach, move to the CPU, lay out densely; clone what shares storage with an earlier one."""
    stored: dict[str, Tensor] = {}
    storages: set[int] = set()
    for name, tensor in tensors.items():
        _check_storable(name, tensor)
        dense = tensor.detach().cpu().contiguous()
        if dense.untyped_storage().data_ptr() in storages:
            dense = dense.clone()
        storages.add(dense.untyped_storage().data_ptr())
        stored[name] = dense
    return stored


def _check_storable(name: str, tensor: Tensor) -> None:
    if name == _RESERVED_NAME:
        raise CheckpointError(f"no tensor may be named {name!r}.", help="Rename it.")
    if tensor.layout is not torch.strided or tensor.is_meta:
        raise CheckpointError(
            f"the tensor {name!r} has no dense values in memory "
            f"(layout {tensor.layout}, device {tensor.device}).",
            help="Save its dense form.",
        )

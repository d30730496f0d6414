"""Saving and loading named tensors as a safetensors file, without pickle.

Tensors that share storage are stored separately; tied weights have to be tied again after loading.
Large n-gram tables, which are in mapped files while they are made, are written block by block.
"""

import json
import math
import mmap
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, load_file, save_file
from torch import Tensor

from nextword.base import CheckpointError, FormatError, release_pages, track_map
from nextword.storage.format_version import DAMAGED_HELP

_RESERVED_NAME = "__metadata__"
#: The names in safetensors files of the dtypes of n-gram tables.
_DTYPES = {torch.float32: "F32", torch.int64: "I64"}
#: Total size above which such tensors are written block by block.
_STREAMED_BYTES = 256 << 20
_BLOCK = 64 << 20
_ALIGNMENT = 8


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write named tensors of any shape, dtype, strides and device.

    Args:
        path: The file; the caller sets permissions and flushes it to disk.
        tensors: Dense tensors; they may share storage.

    Raises:
        CheckpointError: A tensor cannot be stored, or the file cannot be written.
    """
    stored = _storable(tensors)
    try:
        if _is_streamed(stored):
            _stream(path, stored)
        else:
            save_file(stored, path)
    except SafetensorError as error:
        raise CheckpointError(
            f"cannot write {path}: {error}.",
            help="Choose a writable folder.",
        ) from error
    except (KeyError, ValueError) as error:
        raise CheckpointError(
            f"cannot write {path}: safetensors does not support the dtype of a tensor ({error}).",
            help="Convert it to a supported dtype.",
        ) from error


def _is_streamed(tensors: Mapping[str, Tensor]) -> bool:
    """Return whether tensors are large and of the dtypes of n-gram tables."""
    num_bytes = sum(tensor.nbytes for tensor in tensors.values())
    return num_bytes > _STREAMED_BYTES and all(each.dtype in _DTYPES for each in tensors.values())


def _stream(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write a safetensors file block by block, without mapping all tensors at a time."""
    # The widest first, so that all values are aligned.
    names = sorted(tensors, key=lambda name: (-tensors[name].itemsize, name))
    header: dict[str, object] = {}
    offset = 0
    for name in names:
        tensor = tensors[name]
        offsets = [offset, offset + tensor.nbytes]
        header[name] = {
            "dtype": _DTYPES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": offsets,
        }
        offset += tensor.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in names:
            values = tensors[name].reshape(-1).numpy()
            block = _BLOCK // values.itemsize
            for begin in range(0, len(values), block):
                file.write(values[begin : begin + block].data)
                release_pages(values)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Load named tensors onto the CPU.

    Raises:
        FormatError: The file is not a valid safetensors file.
    """
    return {name: tensor.clone() for name, tensor in _checked(path, load_file).items()}


def map_tensors(path: Path) -> dict[str, Tensor]:
    """Load named tensors memory-mapped: pages are read on first use and shared by processes.

    A file whose path is not UTF-8 is read whole. `release_pages` releases the pages of tensors that
    have the dtypes of n-gram tables.

    The tensors stay valid if the file is replaced or removed, as nextword does. If another program
    modifies or truncates the file in place, their values change or the process crashes.

    Raises:
        FormatError: The file is not a valid safetensors file.
    """
    return _checked(path, _mapped)


def _checked(path: Path, loaded: Callable[[Path], dict[str, Tensor]]) -> dict[str, Tensor]:
    try:
        if not _is_utf8(path):
            # The library opens only files whose names are UTF-8.
            return load(path.read_bytes())
        return loaded(path)
    except (SafetensorError, RuntimeError, ValueError, KeyError) as error:
        # RuntimeError: torch maps the file a second time, and it may have been removed meanwhile.
        raise FormatError(
            f"{path} is not a valid safetensors file: {error}.", help=DAMAGED_HELP
        ) from error


def _mapped(path: Path) -> dict[str, Tensor]:
    """Map a file. torch maps files too, but cannot release the pages of large tables."""
    dtypes = {name: dtype for dtype, name in _DTYPES.items()}
    with safe_open(path, framework="pt") as checked:  # checks the header
        names = list(checked.keys())
        if any(checked.get_slice(name).get_dtype() not in dtypes for name in names):
            return load_file(path)
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    track_map(mapped)
    tensors: dict[str, Tensor] = {}
    for name in names:
        shape, dtype = header[name]["shape"], dtypes[header[name]["dtype"]]
        count = math.prod(shape)
        if not count:
            tensors[name] = torch.empty(shape, dtype=dtype)
            continue
        place = 8 + length + header[name]["data_offsets"][0]
        values = torch.frombuffer(mapped, dtype=dtype, count=count, offset=place)
        tensors[name] = values.reshape(shape)
    return tensors


def _is_utf8(path: Path) -> bool:
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _storable(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return contiguous tensors on the CPU that do not share storage."""
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
            help="Convert it to a dense tensor.",
        )

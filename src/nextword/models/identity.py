"""A hash of a network's structure and weights, cached until a weight changes."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd

from nextword.layers import ChunkedSoftmax, Dropout, FullSoftmax, SampledSoftmax

#: Modules that have no effect in evaluation mode.
_ONLY_IN_TRAINING = (nn.Identity, _DropoutNd, Dropout)
#: Output heads that are a full softmax in evaluation mode.
_SAME_SOFTMAX = (ChunkedSoftmax, SampledSoftmax)
#: Number of values of each weight that are compared to detect a change.
_NUM_SAMPLED = 64

Key = tuple[Any, ...]


class ContentIdentity:
    """The cached sha256 of a structure and its tensors.

    A change is detected by torch's version counters and by the memory address. Fused optimizers and
    writes to `.data` do not increment the counters, so a sample of the values is compared too.
    """

    def __init__(self) -> None:
        self._known: tuple[Key, str] | None = None

    def of(
        self,
        description: str,
        parameters: Mapping[str, Tensor],
        *,
        tensors: Callable[[], Mapping[str, Tensor]],
    ) -> str:
        """Return the hash as hexadecimal digits.

        Args:
            description: The structure; part of the hash.
            parameters: The weights by name; the hash is computed again if one has changed.
            tensors: Returns the tensors to hash, by name.
        """
        key = (description, *weight_versions(parameters))
        if self._known is None or self._known[0] != key:
            self._known = key, _content_hash(description, tensors())
        return self._known[1]


def structure(module: nn.Module) -> str:
    """Return the names, classes and settings of all submodules that matter in evaluation."""
    lines = [
        f"{name}: {_class_name(part)}({part.extra_repr()})"
        for name, part in module.named_modules()
        if not isinstance(part, _ONLY_IN_TRAINING)
    ]
    return "\n".join(lines)


def _class_name(part: nn.Module) -> str:
    kind = type(part)
    return FullSoftmax.__name__ if kind in _SAME_SOFTMAX else kind.__name__


def weight_versions(parameters: Mapping[str, Tensor]) -> Key:
    """Return a key that changes with the weights; its cost does not grow with their size.

    Args:
        parameters: The weights by name.
    """
    samples = {name: _sample(each) for name, each in parameters.items()}
    return tuple(
        (
            name,
            each.shape,
            each.dtype,
            each.data_ptr(),
            0 if each.is_inference() else each._version,
            samples[name],
        )
        for name, each in parameters.items()
    )


def _sample(tensor: Tensor) -> bytes:
    flat = tensor.detach().reshape(-1) if tensor.is_contiguous() else tensor.detach().flatten()
    return bytes(_bytes_of(flat[:: max(1, flat.numel() // _NUM_SAMPLED)]))


def _content_hash(description: str, tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256(description.encode())
    for name, tensor in tensors.items():
        digest.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
        digest.update(_bytes_of(tensor.detach().flatten()))
    return digest.hexdigest()


def _bytes_of(flat: Tensor) -> memoryview:
    if not flat.numel():
        return memoryview(b"")
    # As bytes, because NumPy has no bfloat16.
    return flat.cpu().contiguous().view(torch.uint8).numpy().data

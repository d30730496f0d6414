"""What a network computes, as one hash: its structure and its weights.

Knows nothing of families. The hash of the weights is kept until one of them has changed.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd

from nextword.layers import ChunkedSoftmax, Dropout, FullSoftmax, SampledSoftmax

#: Modules that leave a trained model's figures as they are.
_ONLY_IN_TRAINING = (nn.Identity, _DropoutNd, Dropout)
#: Ways to train the same softmax.
_SAME_SOFTMAX = (ChunkedSoftmax, SampledSoftmax)
#: Numbers of each weight that are compared to find changes that torch's counters do not show.
_NUM_SAMPLED = 64

Key = tuple[Any, ...]


class ContentIdentity:
    """The sha256 of a structure and its tensors, computed anew only when something has changed.

    A change is found by torch's version counters, by the place in memory, and, because fused
    optimisers and writes to `.data` do not move the counters, by some numbers of each weight.
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
            description: What the tensors are used for.
            parameters: What changes in training, by name.
            tensors: Returns all that is hashed.
        """
        key = (description, *_versions(parameters))
        if self._known is None or self._known[0] != key:
            self._known = key, _content_hash(description, tensors())
        return self._known[1]


def structure(module: nn.Module) -> str:
    """Return the names, classes and settings of a module's parts, those for training left out."""
    lines = [
        f"{name}: {_class_name(part)}({part.extra_repr()})"
        for name, part in module.named_modules()
        if not isinstance(part, _ONLY_IN_TRAINING)
    ]
    return "\n".join(lines)


def _class_name(part: nn.Module) -> str:
    kind = type(part)
    return FullSoftmax.__name__ if kind in _SAME_SOFTMAX else kind.__name__


def _versions(parameters: Mapping[str, Tensor]) -> Key:
    """Return what changes when a weight does, in time that does not grow with the weights."""
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
    # As bytes, because NumPy knows no bfloat16.
    return flat.cpu().contiguous().view(torch.uint8).numpy().data

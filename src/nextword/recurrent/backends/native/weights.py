"""A layer's two matrices in the layout and dtype of the compiled kernels.

The packed matrices are cached until the weights change or a backward pass has run, because an
update usually follows it.
"""

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary

from nextword.tensors import dtype_name, load_kernels, transposed


@dataclass(frozen=True, kw_only=True)
class PackedWeights:
    """The weights of a layer in the dtype of its matrix products.

    Attributes:
        recurrent: The packed recurrent matrix.
        from_input: The transposed input matrix, (input, gates * hidden).
    """

    recurrent: Any
    from_input: Tensor

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the operands of the products."""
        return self.from_input.dtype


_Stamp = tuple[int, ...]
_packed: MutableMapping[Tensor, tuple[_Stamp, dict[torch.dtype, PackedWeights]]] = (
    WeakTensorKeyDictionary()
)


def packed_weights(
    weight_ih: Tensor, weight_hh: Tensor, *, precision: torch.dtype, num_threads: int
) -> PackedWeights:
    """Return the packed weights of a layer, from the cache if the weights have not changed.

    Args:
        weight_ih: (gates * hidden, input), float32.
        weight_hh: (gates * hidden, hidden), float32.
        precision: Dtype of the products: float32 or bfloat16.
        num_threads: Number of threads for packing.
    """
    stamp = _stamp(weight_ih, weight_hh)
    known_stamp, known = _packed.get(weight_hh, (None, {}))
    current = known if stamp is not None and known_stamp == stamp else {}
    if precision in current:
        return current[precision]
    name = dtype_name(precision)
    packed = PackedWeights(
        recurrent=load_kernels().pack(
            weight_hh.detach().contiguous(), precision=name, num_threads=num_threads
        ),
        from_input=transposed(weight_ih.detach(), dtype=precision),
    )
    if stamp is not None:
        _packed[weight_hh] = (stamp, {**current, precision: packed})
    return packed


def forget(weight_hh: Tensor) -> None:
    """Remove the packed weights of a recurrent matrix from the cache."""
    _packed.pop(weight_hh, None)


def _stamp(*weights: Tensor) -> _Stamp | None:
    """Return a key that changes with the weights; None if torch does not count their changes."""
    if any(weight.is_inference() for weight in weights):
        return None
    return tuple(number for weight in weights for number in (weight._version, weight.data_ptr()))

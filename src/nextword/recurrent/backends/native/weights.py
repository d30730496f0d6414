"""A layer's two matrices in the layout and dtype of the compiled kernels.

They are packed once and kept until the weights change, or until they have had a gradient, for an
update then follows.
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
    """What the kernels and the products around them read.

    Attributes:
        recurrent: The packed recurrent matrix.
        from_input: The input's matrix transposed, (input, gates * hidden), in the products'
            dtype.
    """

    recurrent: Any
    from_input: Tensor

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the products' operands."""
        return self.from_input.dtype


_Stamp = tuple[int, ...]
_packed: MutableMapping[Tensor, tuple[_Stamp, dict[torch.dtype, PackedWeights]]] = (
    WeakTensorKeyDictionary()
)


def packed_weights(
    weight_ih: Tensor, weight_hh: Tensor, *, precision: torch.dtype, num_threads: int
) -> PackedWeights:
    """Pack a layer's weights, or give what was packed of the very same ones.

    Args:
        weight_ih: (gates * hidden, input), float32.
        weight_hh: (gates * hidden, hidden), float32.
        precision: float32 or bfloat16.
        num_threads: Threads to pack with.
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
    """Drop what was packed of a recurrent matrix."""
    _packed.pop(weight_hh, None)


def _stamp(*weights: Tensor) -> _Stamp | None:
    """Tell one content of the weights from another; None where torch does not count changes."""
    if any(weight.is_inference() for weight in weights):
        return None
    return tuple(number for weight in weights for number in (weight._version, weight.data_ptr()))

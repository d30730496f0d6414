"""The recurrent product, the only one inside the loop, with a layout for a whole window.

A step multiplies a few rows with a matrix of megabytes, so the memory layout of the matrix decides
the speed. oneDNN has its own layout; converting to it costs about as much as three products.
"""

import torch
from torch import Tensor

from nextword.tensors import has_onednn_bfloat16

#: From this number of steps on, oneDNN's layout saves time.
_STEPS_THAT_PAY = 8
_LOW_PRECISIONS = (torch.bfloat16, torch.float16)


class PlainProduct:
    """Products in the dtype of the states.

    Args:
        weight: W, (outputs, inputs).
    """

    def __init__(self, weight: Tensor) -> None:
        self.weight = weight
        self.dtype = weight.dtype

    def add(self, addend: Tensor, vectors: Tensor, *, out: Tensor) -> Tensor:
        """Compute addend + vectors Wᵀ into `out`, and return it."""
        return torch.addmm(addend, vectors, self.weight.t(), out=out)

    def backward(self, gradients: Tensor) -> Tensor:
        """Return gradients W."""
        return torch.mm(gradients, self.weight)


class LowPrecisionProduct:
    """Products whose operands are rounded to 16 bits; the addend is not rounded.

    Args:
        weight: W, (outputs, inputs), in 16 bits.
        states: Dtype of vectors and results.
    """

    def __init__(self, weight: Tensor, *, states: torch.dtype) -> None:
        self.weight = weight
        self.dtype = weight.dtype
        self.states = states

    def add(self, addend: Tensor, vectors: Tensor, *, out: Tensor) -> Tensor:
        """Compute addend + vectors Wᵀ into `out`, and return it."""
        return torch.add(addend, torch.mm(vectors.to(self.dtype), self.weight.t()), out=out)

    def backward(self, gradients: Tensor) -> Tensor:
        """Return gradients W."""
        return torch.mm(gradients, self.weight).to(self.states)


class PackedProduct:
    """Products with a matrix in oneDNN's layout.

    Args:
        weight: W, (outputs, inputs), float32 or bfloat16, on a CPU.
        num_rows: Number of vectors per product.
        states: Dtype of vectors and results.
    """

    def __init__(self, weight: Tensor, *, num_rows: int, states: torch.dtype) -> None:
        self.dtype = weight.dtype
        self.states = states
        self._forward = _packed(weight, num_rows)
        self._transposed = weight.t()
        self._num_rows = num_rows
        self._backward: Tensor | None = None

    def add(self, addend: Tensor, vectors: Tensor, *, out: Tensor) -> Tensor:
        """Compute addend + vectors Wᵀ into `out`, and return it."""
        return torch.add(addend, _multiply(vectors.to(self.dtype), self._forward), out=out)

    def backward(self, gradients: Tensor) -> Tensor:
        """Return gradients W; the layout of the transpose is made on the first call."""
        if self._backward is None:
            self._backward = _packed(self._transposed, self._num_rows)
        return _multiply(gradients, self._backward).to(self.states)


WindowProduct = PlainProduct | LowPrecisionProduct | PackedProduct


def window_product(
    weight: Tensor, *, num_steps: int, num_rows: int, dtype: torch.dtype, states: torch.dtype
) -> WindowProduct:
    """Return the fastest product with a matrix for every step of a window.

    Args:
        weight: W, (outputs, inputs).
        num_steps: Number of products.
        num_rows: Number of vectors per product.
        dtype: Dtype of the operands.
        states: Dtype of the states.
    """
    weight = weight.detach().to(dtype)
    if num_steps >= _STEPS_THAT_PAY and _can_pack(weight):
        return PackedProduct(weight, num_rows=num_rows, states=states)
    if dtype in _LOW_PRECISIONS:
        return LowPrecisionProduct(weight, states=states)
    return PlainProduct(weight)


def _can_pack(weight: Tensor) -> bool:
    """Return whether torch can convert the matrix; its functions for this are not public."""
    has_dtype = weight.dtype == torch.float32
    if weight.dtype == torch.bfloat16:
        has_dtype = has_onednn_bfloat16()
    return (
        weight.device.type == "cpu"
        and has_dtype
        and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        and hasattr(torch.ops.mkldnn, "_reorder_linear_weight")
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
    )


def _packed(weight: Tensor, num_rows: int) -> Tensor:
    packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), num_rows)
    return packed


def _multiply(vectors: Tensor, packed: Tensor) -> Tensor:
    product: Tensor = torch.ops.mkldnn._linear_pointwise(vectors, packed, None, "none", [], "")
    return product

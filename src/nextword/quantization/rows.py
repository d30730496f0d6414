"""Matrices with 8-bit entries and one scale per row. Knows no models."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Float32, Int8
from torch import Tensor

from nextword.base import DivergedError

#: Largest absolute value of a code; -128 is not used, so the codes are symmetric.
LARGEST_CODE = 127

#: Bits of a scale. A code has 7 bits and a float32 24, so the product of both is exact.
_SCALE_BITS = 17


@dataclass(frozen=True, kw_only=True, eq=False)
class QuantizedRows:
    """A matrix whose row r is `scales[r] * codes[r]`.

    Attributes:
        codes: Integers from -127 to 127, (rows, columns).
        scales: The step of each row, (rows).
    """

    codes: Int8[Tensor, "rows columns"]
    scales: Float32[Tensor, " rows"]

    def dequantized(self) -> Float32[Tensor, "rows columns"]:
        """Return the matrix that the codes represent, (rows, columns)."""
        return self.codes.float() * self.scales[:, None]


def quantize_rows(matrix: Float[Tensor, "rows columns"]) -> QuantizedRows:
    """Round each entry to a multiple of its row's scale, the largest absolute value over 127.

    The error of an entry is at most half a scale. A row of zeros has scale 0. Scales are rounded up
    to 17 bits. Therefore `scales[r] * codes[r]` is exact in float32, and programs that compute with
    float32 or float64 have the same weights.

    Args:
        matrix: The matrix, (rows, columns).

    Returns:
        Codes and scales.

    Raises:
        DivergedError: An entry is not finite.

    Example:
        >>> quantize_rows(torch.tensor([[1.0, -0.25], [0.0, 0.0]])).codes.tolist()
        [[127, -32], [0, 0]]
    """
    values = matrix.detach().to("cpu", torch.float32)
    if not bool(values.isfinite().all()):
        raise DivergedError(
            "a weight is not finite, so it cannot be quantized.", help="Use an earlier checkpoint."
        )
    mantissas, exponents = torch.frexp(values.abs().amax(dim=1).double() / LARGEST_CODE)
    scales = torch.ldexp((mantissas * 2**_SCALE_BITS).ceil() / 2**_SCALE_BITS, exponents)
    steps = torch.where(scales > 0, scales, torch.ones_like(scales))
    codes = (values.double() / steps[:, None]).round()
    return QuantizedRows(codes=codes.to(torch.int8), scales=scales.float())

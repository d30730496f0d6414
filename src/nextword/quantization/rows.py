"""Matrices with 8-bit entries and one scale per row. Knows no models."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Float32, Int8
from torch import Tensor

from nextword.base import DivergedError

#: Largest absolute value of a code; -128 is not used, so the codes are symmetric.
LARGEST_CODE = 127


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

    The error of an entry is at most half a scale. A row of zeros has scale 0.

    Args:
        matrix: The matrix, (rows, columns).

    Returns:
        Codes and scales.

    Raises:
        DivergedError: An entry is not finite.

    Example:
        >>> quantize_rows(torch.tensor([[1.0, -0.5], [0.0, 0.0]])).codes.tolist()
        [[127, -64], [0, 0]]
    """
    values = matrix.detach().to("cpu", torch.float32)
    if not bool(values.isfinite().all()):
        raise DivergedError(
            "a weight is not finite, so it cannot be quantized.", help="Use an earlier checkpoint."
        )
    scales = values.abs().amax(dim=1) / LARGEST_CODE
    # Divided in float64: the quotient of two float32 numbers can exceed 127 by rounding.
    steps = torch.where(scales > 0, scales, torch.ones_like(scales)).double()
    codes = (values.double() / steps[:, None]).round().clamp(-LARGEST_CODE, LARGEST_CODE)
    return QuantizedRows(codes=codes.to(torch.int8), scales=scales)

"""Arrays of 16-bit codes for equally spaced values. Knows no models and never imports torch."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, UInt16

#: The code of -inf; the codes above it are equally spaced values.
MINUS_INFINITY = 0
_NUM_STEPS = 65534


@dataclass(frozen=True, kw_only=True, eq=False)
class QuantizedValues:
    """Values that are -inf where the code is 0, and `low + (code - 1) * step` elsewhere.

    Attributes:
        codes: Integers from 0 to 65535, (size).
        low: The lowest finite value.
        step: Distance between two neighbouring values.
    """

    codes: UInt16[np.ndarray, " size"]
    low: float
    step: float

    def dequantized(self) -> Float32[np.ndarray, " size"]:
        """Return the values that the codes represent, (size)."""
        values = self.low + (self.codes.astype(np.float64) - 1.0) * self.step
        values[self.codes == MINUS_INFINITY] = -np.inf
        return values.astype(np.float32)


def quantize_values(values: Float32[np.ndarray, " size"]) -> QuantizedValues:
    """Round values to 65,535 equally spaced ones between the lowest and the highest finite value.

    The error is at most half a step: 1e-4 for log-probabilities that span 13 nats.

    Args:
        values: Finite values and -inf, (size).

    Returns:
        Codes, lowest value and step.

    Example:
        >>> quantized = quantize_values(np.array([-3.0, -np.inf, -1.0], dtype=np.float32))
        >>> quantized.codes.tolist(), quantized.dequantized().tolist()
        ([1, 0, 65535], [-3.0, -inf, -1.0])
    """
    finite = values[np.isfinite(values)].astype(np.float64)
    low = float(finite.min()) if len(finite) else 0.0
    step = (float(finite.max()) - low) / _NUM_STEPS if len(finite) else 0.0
    codes = np.zeros(len(values), dtype=np.uint16)
    codes[np.isfinite(values)] = np.rint((finite - low) / step if step else finite - low) + 1
    return QuantizedValues(codes=codes, low=low, step=step)

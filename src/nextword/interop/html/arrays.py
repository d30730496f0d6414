"""Arrays of a model as one compressed binary block, with a table of what is where."""

import base64
import gzip
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32, Int64
from torch import Tensor

from nextword.base import Values
from nextword.quantization import QuantizedRows, QuantizedValues

#: Arrays of JavaScript start at a multiple of the size of their entries.
_ALIGNMENT = 8
_GROUP_BITS = 7
#: The highest bit of a byte: another group follows.
_MORE = 0x80
_COMPRESSION_LEVEL = 9


@dataclass(kw_only=True, eq=False)
class ArrayBlock:
    """Collects arrays; the page's `readArrays` reads them back.

    Attributes:
        entries: For each array its kind and place, as JSON values by name.
    """

    entries: Values = field(default_factory=dict)
    _content: bytearray = field(default_factory=bytearray)

    def add_rows(self, name: str, rows: QuantizedRows) -> None:
        """Add a matrix of int8 codes with its scales."""
        num_rows, num_columns = rows.codes.shape
        self.entries[name] = {
            "kind": "int8",
            "rows": num_rows,
            "columns": num_columns,
            "codes": self._append(rows.codes.numpy()),
            "scales": self._append(rows.scales.numpy()),
        }

    def add_vector(self, name: str, vector: Tensor) -> None:
        """Add float32 values."""
        values = vector.detach().float().numpy().ravel()
        self._add(name, "float32", values)

    def add_steps(self, name: str, values: QuantizedValues) -> None:
        """Add values with 16-bit codes."""
        self._add(name, "steps16", values.codes, low=values.low, step=values.step)

    def add_ascending(self, name: str, values: Int64[np.ndarray, " size"]) -> None:
        """Add ascending integers, as differences in groups of 7 bits."""
        encoded = grouped_bits(np.diff(values, prepend=0))
        self._add(name, "ascending", encoded, size=len(values))

    def base64(self) -> str:
        """Return all arrays, compressed with gzip, as base64."""
        # The time is left out, so that the same model gives the same file.
        packed = gzip.compress(bytes(self._content), compresslevel=_COMPRESSION_LEVEL, mtime=0)
        return base64.b64encode(packed).decode("ascii")

    def _add(self, name: str, kind: str, values: np.ndarray, **others: float) -> None:
        place = {"start": self._append(values), "size": len(values)}
        self.entries[name] = {"kind": kind, **place, **others}

    def _append(self, values: Float32[np.ndarray, "..."] | np.ndarray) -> int:
        """Append the bytes of an array, little-endian, and return where they start."""
        self._content.extend(bytes(-len(self._content) % _ALIGNMENT))
        start = len(self._content)
        little = values.astype(values.dtype.newbyteorder("<"), copy=False)
        self._content.extend(np.ascontiguousarray(little).tobytes())
        return start


def grouped_bits(values: Int64[np.ndarray, " size"]) -> np.ndarray:
    """Return integers as bytes of 7 bits, lowest bits first; all but the last have the high bit.

    Args:
        values: Integers from 0 to 2**63 - 1, (size).

    Returns:
        Bytes, one or more for each integer.

    Example:
        >>> grouped_bits(np.array([5, 300])).tolist()
        [5, 172, 2]
    """
    num_groups = np.ones(len(values), dtype=np.int64)
    rest = values >> _GROUP_BITS
    while rest.any():
        num_groups += rest > 0
        rest = rest >> _GROUP_BITS
    ends = np.cumsum(num_groups)
    encoded = np.zeros(int(ends[-1]) if len(ends) else 0, dtype=np.uint8)
    starts = ends - num_groups
    for group in range(int(num_groups.max(initial=0))):
        has_group = num_groups > group
        bits = (values[has_group] >> (_GROUP_BITS * group)) & (_MORE - 1)
        more = np.where(num_groups[has_group] > group + 1, _MORE, 0)
        encoded[starts[has_group] + group] = bits | more
    return encoded

"""Batches of a token stream: its units, and windows over them for truncated backpropagation."""

from nextword.batches.reader import Batch, UnitReader
from nextword.batches.units import lanes, longest_first, shuffled_by_length

__all__ = [
    "Batch",
    "UnitReader",
    "lanes",
    "longest_first",
    "shuffled_by_length",
]

"""Batches: units of a token stream, windows over them for truncated backpropagation, and items."""

from nextword.batches.in_order import predict_in_order
from nextword.batches.reader import Batch, UnitReader
from nextword.batches.units import lanes, longest_first, row_part, shuffled_by_length

__all__ = [
    "Batch",
    "UnitReader",
    "lanes",
    "longest_first",
    "predict_in_order",
    "row_part",
    "shuffled_by_length",
]

"""From a token stream to batches: units, and windows of truncated back-propagation over them."""

from nextword.batches.reader import Batch, UnitReader
from nextword.batches.units import lanes, longest_first, shuffled_by_length

__all__ = [
    "Batch",
    "UnitReader",
    "lanes",
    "longest_first",
    "shuffled_by_length",
]

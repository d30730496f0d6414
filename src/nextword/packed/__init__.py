"""Recurrent language models whose weights are packed for the compiled kernels.

A step of generation reads every weight once, so it is as fast as memory. Packed weights are in the
order in which the kernels read them, in float32, bfloat16 or int8.
"""

from nextword.packed.choice import PACKED_PRECISIONS, fast_model, pack_model, with_precision
from nextword.packed.model import PackedLanguageModel
from nextword.packed.row_pool import DrawnTokens, RowPool

__all__ = [
    "PACKED_PRECISIONS",
    "DrawnTokens",
    "PackedLanguageModel",
    "RowPool",
    "fast_model",
    "pack_model",
    "with_precision",
]

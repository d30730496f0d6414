"""Attention over the last tokens, in layers. Knows nothing of words or losses."""

from nextword.transformer.attention import BandedAttention, KeysAndValues
from nextword.transformer.band import banded_attention, linear_slopes
from nextword.transformer.layer import TransformerLayer
from nextword.transformer.stack import StackMemory, TransformerStack

__all__ = [
    "BandedAttention",
    "KeysAndValues",
    "StackMemory",
    "TransformerLayer",
    "TransformerStack",
    "banded_attention",
    "linear_slopes",
]

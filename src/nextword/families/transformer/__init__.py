"""The Transformer family: layers with attention over a sliding window of tokens."""

from nextword.families.transformer.attention import BandedAttention, KeysAndValues
from nextword.families.transformer.band import banded_attention, linear_slopes
from nextword.families.transformer.layer import TransformerLayer
from nextword.families.transformer.model import TransformerConfig, TransformerLanguageModel
from nextword.families.transformer.stack import StackMemory, TransformerStack

__all__ = [
    "BandedAttention",
    "KeysAndValues",
    "StackMemory",
    "TransformerConfig",
    "TransformerLanguageModel",
    "TransformerLayer",
    "TransformerStack",
    "banded_attention",
    "linear_slopes",
]

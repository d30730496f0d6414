"""The attention of one layer, with its key-value cache."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from nextword.base import require, require_range
from nextword.families.transformer.band import banded_attention, linear_slopes
from nextword.tensors import Hidden


class KeysAndValues(NamedTuple):
    """The keys and values of past positions, oldest first, each (batch, places, hidden_size)."""

    keys: Float[Tensor, "batch places hidden"]
    values: Float[Tensor, "batch places hidden"]


class BandedAttention(nn.Module):
    """Multi-head attention of each position to the last `context_size` positions.

    q, k, v = W h + b; o = W_o [head_1; ...; head_n] + b_o. Each head has a learned bias for every
    distance (`distance_bias`). Keys do not depend on the absolute position, so cached keys stay
    valid for texts of any length.

    Args:
        hidden_size: Size of h.
        num_heads: Number of heads.
        context_size: Number of positions that a position attends to, itself included.

    Raises:
        ConfigError: hidden_size is not divisible by num_heads, or a size is below 1.

    Source: [vaswani2017], section 3.2; the bias by distance from [raffel2020], section 2.1, here
    without buckets; its initial slopes from [press2022].
    """

    def __init__(self, hidden_size: int, *, num_heads: int, context_size: int) -> None:
        super().__init__()
        require_range("model.num_heads", num_heads, low=1)
        require_range("model.context_size", context_size, low=1)
        require(
            hidden_size % num_heads == 0,
            f"model.hidden_size is {hidden_size}, which is not divisible by model.num_heads, "
            f"{num_heads}.",
            help=f"Set model.num_heads to a divisor of {hidden_size}.",
        )
        self.num_heads = num_heads
        self.context_size = context_size
        self.query_key_value = nn.Linear(hidden_size, 3 * hidden_size)
        self.output = nn.Linear(hidden_size, hidden_size)
        self.distance_bias = nn.Parameter(linear_slopes(num_heads, context_size))

    def extra_repr(self) -> str:
        """Return the settings that the weights' shapes do not show."""
        return f"num_heads={self.num_heads}, context_size={self.context_size}"

    def forward(
        self, inputs: Hidden, memory: KeysAndValues, *, num_before: Int64[Tensor, " batch"]
    ) -> tuple[Hidden, KeysAndValues]:
        """Compute the attention of each position.

        Args:
            inputs: h, (batch, time, hidden_size).
            memory: Keys and values of the `context_size` - 1 positions before them.
            num_before: Number of tokens that each row has read before, (batch); earlier positions
                in `memory` are masked.

        Returns:
            o, (batch, time, hidden_size); and the keys and values with the new positions appended.
        """
        queries, keys, values = self.query_key_value(inputs).chunk(3, dim=2)
        longer = KeysAndValues(
            keys=torch.cat([memory.keys, keys], dim=1),
            values=torch.cat([memory.values, values], dim=1),
        )
        outputs = banded_attention(
            queries,
            longer.keys,
            values=longer.values,
            distance_bias=self.distance_bias,
            num_before=num_before,
        )
        return self.output(outputs), longer

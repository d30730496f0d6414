"""The attention of one layer, with the keys and values that it keeps."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from nextword.base import require, require_range
from nextword.families.transformer.band import banded_attention, linear_slopes
from nextword.tensors import Hidden


class KeysAndValues(NamedTuple):
    """What later positions look at, oldest first, each (batch, places, hidden)."""

    keys: Float[Tensor, "batch places hidden"]
    values: Float[Tensor, "batch places hidden"]


class BandedAttention(nn.Module):
    """q, k, v = W h; o = W_o [heads side by side]; each position sees the last `context_size`.

    A head tells distances apart by a number that it learns for each (`distance_bias`). Distances
    are few, so each has its own and none are thrown together; and a key is the same wherever it
    stands, so those kept from earlier need nothing done to them, however long the text.

    Args:
        hidden_size: Width of h.
        num_heads: Heads; they share the width.
        context_size: Positions that one sees, itself included.

    Raises:
        ConfigError: The heads do not divide the width, or a size is below 1.

    Source: Vaswani et al. (2017), section 3.2; the bias by distance from Raffel et al. (2020),
    section 2.1, here without buckets, and starting from the slopes of Press et al. (2022).
    """

    def __init__(self, hidden_size: int, *, num_heads: int, context_size: int) -> None:
        super().__init__()
        require_range("model.num_heads", num_heads, low=1)
        require_range("model.context_size", context_size, low=1)
        require(
            hidden_size % num_heads == 0,
            f"model.hidden_size is {hidden_size}, which {num_heads} heads cannot share.",
            help="Set model.num_heads to a divisor of it.",
        )
        self.num_heads = num_heads
        self.context_size = context_size
        self.query_key_value = nn.Linear(hidden_size, 3 * hidden_size)
        self.output = nn.Linear(hidden_size, hidden_size)
        self.distance_bias = nn.Parameter(linear_slopes(num_heads, context_size))

    def extra_repr(self) -> str:
        """Say the settings."""
        return f"num_heads={self.num_heads}, context_size={self.context_size}"

    def forward(
        self, inputs: Hidden, memory: KeysAndValues, num_before: Int64[Tensor, " batch"]
    ) -> tuple[Hidden, KeysAndValues]:
        """Look back from each position.

        Args:
            inputs: h, (batch, time, hidden).
            memory: Of `context_size` - 1 places before them.
            num_before: How many of those are there in each row.

        Returns:
            o, (batch, time, hidden); and the memory with the new places behind it.
        """
        queries, keys, values = self.query_key_value(inputs).chunk(3, dim=2)
        longer = KeysAndValues(
            keys=torch.cat([memory.keys, keys], dim=1),
            values=torch.cat([memory.values, values], dim=1),
        )
        outputs = banded_attention(
            queries,
            longer.keys,
            longer.values,
            distance_bias=self.distance_bias,
            num_before=num_before,
        )
        return self.output(outputs), longer

"""One layer: attention, then a feed-forward network, each added to what it read."""

from jaxtyping import Int64
from torch import Tensor, nn

from nextword.base import require_range
from nextword.families.transformer.attention import BandedAttention, KeysAndValues
from nextword.tensors import Hidden


class TransformerLayer(nn.Module):
    """h += attention(norm(h)); h += W_2 relu(W_1 norm(h) + b_1) + b_2.

    The sum is never normalised, so gradients reach every layer undiminished ("pre-norm").

    Args:
        hidden_size: Width of h.
        num_heads: Heads of the attention.
        context_size: Positions that one sees, itself included.
        feedforward_size: Width between W_1 and W_2.
        dropout: Applied to what attention and feed-forward network add.

    Raises:
        ConfigError: The heads do not divide the width, or a size is below 1.

    Source: Vaswani et al. (2017); pre-norm from Xiong et al. (2020), as Baevski & Auli (2019) have
    it.
    """

    def __init__(
        self,
        hidden_size: int,
        *,
        num_heads: int,
        context_size: int,
        feedforward_size: int,
        dropout: nn.Module | None = None,
    ) -> None:
        super().__init__()
        require_range("model.feedforward_size", feedforward_size, low=1)
        self.attention_norm = nn.LayerNorm(hidden_size)
        self.attention = BandedAttention(
            hidden_size, num_heads=num_heads, context_size=context_size
        )
        self.feedforward_norm = nn.LayerNorm(hidden_size)
        self.widening = nn.Linear(hidden_size, feedforward_size)
        self.narrowing = nn.Linear(feedforward_size, hidden_size)
        self.dropout = nn.Identity() if dropout is None else dropout

    @property
    def last_weights(self) -> tuple[Tensor, Tensor]:
        """The two weights whose products are added to h."""
        return self.attention.output.weight, self.narrowing.weight

    def forward(
        self, inputs: Hidden, memory: KeysAndValues, num_before: Int64[Tensor, " batch"]
    ) -> tuple[Hidden, KeysAndValues]:
        """Give the next layer's inputs, and the memory with the new places behind it."""
        attended, memory = self.attention(self.attention_norm(inputs), memory, num_before)
        hidden = inputs + self.dropout(attended)
        added = self.narrowing(self.widening(self.feedforward_norm(hidden)).relu())
        return hidden + self.dropout(added), memory

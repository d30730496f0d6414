"""One Transformer layer: attention and a feed-forward network, with residual connections."""

from jaxtyping import Int64
from torch import Tensor, nn

from nextword.base import require_range
from nextword.families.transformer.attention import BandedAttention, KeysAndValues
from nextword.tensors import Hidden


class TransformerLayer(nn.Module):
    """h += attention(norm(h)); h += W_2 relu(W_1 norm(h) + b_1) + b_2.

    Normalization is applied to the inputs of each sublayer and not to the sums (pre-norm).

    Args:
        hidden_size: Size of h.
        num_heads: Number of attention heads.
        context_size: Number of positions that a position attends to, itself included.
        feedforward_size: Inner size of the feed-forward network.
        dropout: Applied to the outputs of attention and feed-forward network.

    Raises:
        ConfigError: hidden_size is not divisible by num_heads, or a size is below 1.

    Source: [vaswani2017]; pre-norm from [xiong2020], as in [baevski2019].
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
        """The output weights of attention and feed-forward network."""
        return self.attention.output.weight, self.narrowing.weight

    def forward(
        self, inputs: Hidden, memory: KeysAndValues, *, num_before: Int64[Tensor, " batch"]
    ) -> tuple[Hidden, KeysAndValues]:
        """Run the layer.

        Args:
            inputs: h, (batch, time, hidden_size).
            memory: Keys and values of the `context_size` - 1 positions before them.
            num_before: Number of tokens that each row has read before, (batch).

        Returns:
            The next h, (batch, time, hidden_size); and the keys and values with the new positions
            appended.
        """
        normed = self.attention_norm(inputs)
        attended, memory = self.attention(normed, memory, num_before=num_before)
        hidden = inputs + self.dropout(attended)
        added = self.narrowing(self.widening(self.feedforward_norm(hidden)).relu())
        return hidden + self.dropout(added), memory

"""A stack of Transformer layers, with the key-value cache that is carried along a text."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from nextword.base import require_range
from nextword.families.transformer.attention import KeysAndValues
from nextword.families.transformer.layer import TransformerLayer
from nextword.layers import LayerTrace
from nextword.tensors import Embeddings, Hidden, Lengths

#: Keys and values of each layer, lowest first.
StackMemory = tuple[KeysAndValues, ...]


class TransformerStack(nn.Module):
    """Transformer layers in which every position attends to the last `context_size` positions.

    Each layer attends to outputs of the layer below, so L layers depend on the last
    L (context_size - 1) + 1 tokens. The memory consists of the keys and values of the last
    context_size - 1 positions of each layer. States are immutable, so each call returns a new
    memory.

    Args:
        hidden_size: Size of every layer.
        num_layers: Number of layers.
        num_heads: Number of attention heads of each layer.
        context_size: Number of positions that a position attends to, itself included.
        feedforward_size: Inner size of the feed-forward networks.
        dropout: Applied to the outputs of attention and feed-forward networks.

    Raises:
        ConfigError: hidden_size is not divisible by num_heads, or a size is below 1.
    """

    def __init__(
        self,
        hidden_size: int,
        *,
        num_layers: int,
        num_heads: int,
        context_size: int,
        feedforward_size: int,
        dropout: nn.Module | None = None,
    ) -> None:
        super().__init__()
        require_range("model.num_layers", num_layers, low=1)
        self.hidden_size = hidden_size
        self.context_size = context_size
        self.layers: Sequence[TransformerLayer] = nn.ModuleList(  # type: ignore[assignment]
            TransformerLayer(
                hidden_size,
                num_heads=num_heads,
                context_size=context_size,
                feedforward_size=feedforward_size,
                dropout=dropout,
            )
            for _ in range(num_layers)
        )
        self.norm = nn.LayerNorm(hidden_size)
        self._shrink_last_weights()

    def initial_memory(self, batch_size: int) -> StackMemory:
        """Return the memory of rows that have read nothing: zeros, which are masked."""
        empty = self.norm.weight.new_zeros(batch_size, self.context_size - 1, self.hidden_size)
        return tuple(KeysAndValues(empty, empty) for _ in self.layers)

    def forward(
        self,
        inputs: Embeddings,
        memory: StackMemory,
        *,
        num_before: Int64[Tensor, " batch"],
        lengths: Lengths | None = None,
        layer_traces: list[LayerTrace] | None = None,
    ) -> tuple[Hidden, StackMemory]:
        """Run all layers.

        Args:
            inputs: (batch, time, hidden_size).
            memory: The memory before them.
            num_before: Number of tokens that each row has read before, (batch).
            lengths: Number of valid steps in each row, (batch); all when None.
            layer_traces: The trace of each layer is appended to this list, lowest first; none are
                recorded when None.

        Returns:
            Outputs, (batch, time, hidden_size), and the memory after the last valid step of each
            row.
        """
        hidden, longer = inputs, []
        for layer, before in zip(self.layers, memory, strict=True):
            read = hidden
            hidden, after = layer(read, before, num_before=num_before)
            longer.append(after)
            if layer_traces is not None:
                layer_traces.append(LayerTrace(inputs=read, outputs=hidden))
        num_steps = inputs.shape[1]
        return self.norm(hidden), tuple(self._moved(part, num_steps, lengths) for part in longer)

    def _moved(
        self, longer: KeysAndValues, num_steps: int, lengths: Lengths | None
    ) -> KeysAndValues:
        """Return the last positions in the dtype of the weights; autocast may lower it."""
        kept = (self._last(part, num_steps, lengths) for part in longer)
        return KeysAndValues(*(part.to(self.norm.weight.dtype) for part in kept))

    def _last(
        self, places: Float[Tensor, "batch places hidden"], num_steps: int, lengths: Lengths | None
    ) -> Float[Tensor, "batch kept hidden"]:
        if lengths is None:
            # A copy, because a view would keep the whole chunk in memory.
            return places[:, num_steps:].contiguous()
        kept = lengths[:, None] + torch.arange(self.context_size - 1, device=places.device)
        return places.gather(1, kept[:, :, None].expand(-1, -1, self.hidden_size))

    @torch.no_grad()
    def _shrink_last_weights(self) -> None:
        """Scale the output weights of all sublayers by 1/√(number of sublayers).

        Source: [radford2019], section 2.3.
        """
        for layer in self.layers:
            for weight in layer.last_weights:
                weight.mul_((2 * len(self.layers)) ** -0.5)

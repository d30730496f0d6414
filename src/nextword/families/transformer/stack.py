"""Transformer layers above each other, with the memory they carry along a text."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from nextword.base import require_range
from nextword.families.transformer.attention import KeysAndValues
from nextword.families.transformer.layer import TransformerLayer
from nextword.layers import LayerTrace
from nextword.tensors import Embeddings, Hidden, Lengths

#: Keys and values a layer, lowest first.
StackMemory = tuple[KeysAndValues, ...]


class TransformerStack(nn.Module):
    """Reads vectors, each position seeing the last `context_size` in every layer.

    What a layer sees has itself seen as much before it: L layers reach L (context_size - 1) tokens
    back. The memory is the keys and values of the last context_size - 1 positions of each layer. A
    state is a value, which nothing may write into, so it is not a ring that is overwritten but a
    window that moves; what it holds is the same.

    Args:
        hidden_size: Width of every layer.
        num_layers: Layers.
        num_heads: Heads of each.
        context_size: Positions that one sees, itself included.
        feedforward_size: Width of each layer's feed-forward network.
        dropout: Applied to what attention and feed-forward networks add.

    Raises:
        ConfigError: The heads do not divide the width, or a size is below 1.
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
        """Give the memory of rows that have read nothing: zeros, which nobody looks at."""
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
        """Read vectors.

        Args:
            inputs: (batch, time, hidden).
            memory: Of what was read before.
            num_before: How many positions each row has read before, (batch).
            lengths: Steps that count in each row, (batch); all when None.
            layer_traces: Gets the trace of each layer, lowest first, when it is a list.

        Returns:
            One vector a position, (batch, time, hidden), and the memory after each row's last step
            that counts.
        """
        hidden, longer = inputs, []
        for layer, before in zip(self.layers, memory, strict=True):
            read = hidden
            hidden, after = layer(read, before, num_before)
            longer.append(after)
            if layer_traces is not None:
                layer_traces.append(LayerTrace(inputs=read, outputs=hidden))
        num_steps = inputs.shape[1]
        return self.norm(hidden), tuple(self._moved(part, num_steps, lengths) for part in longer)

    def _moved(
        self, longer: KeysAndValues, num_steps: int, lengths: Lengths | None
    ) -> KeysAndValues:
        """Keep the last places, in the type of the weights: a mixed-precision pass has a lower."""
        kept = (self._last(part, num_steps, lengths) for part in longer)
        return KeysAndValues(*(part.to(self.norm.weight.dtype) for part in kept))

    def _last(
        self, places: Float[Tensor, "batch places hidden"], num_steps: int, lengths: Lengths | None
    ) -> Float[Tensor, "batch kept hidden"]:
        if lengths is None:
            # A copy: the state shall not hold on to a whole chunk.
            return places[:, num_steps:].contiguous()
        kept = lengths[:, None] + torch.arange(self.context_size - 1, device=places.device)
        return places.gather(1, kept[:, :, None].expand(-1, -1, self.hidden_size))

    @torch.no_grad()
    def _shrink_last_weights(self) -> None:
        """Let the sum of what all layers add start about as large as what one of them adds.

        Source: Radford et al. (2019), section 2.3.
        """
        for layer in self.layers:
            for weight in layer.last_weights:
                weight.mul_((2 * len(self.layers)) ** -0.5)

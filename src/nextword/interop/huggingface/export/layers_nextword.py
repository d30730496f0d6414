"""The layers of a recurrent language model for transformers.

nextword writes a copy of this file beside the weights.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from .configuration_nextword import NextwordConfig


class AdaptiveEmbedding(nn.Module):
    """Embeddings of which those of rare words are narrow and projected to the full size."""

    def __init__(self, config: NextwordConfig, size: int) -> None:
        super().__init__()
        self.clusters = config.clusters
        self.num_embeddings, self.embedding_dim = config.vocab_size, size
        self.tables: Any = nn.ModuleList(
            nn.Embedding(high - low, width)
            for (low, high), width in zip(self.clusters, config.cluster_sizes, strict=True)
        )
        self.projections: Any = nn.ModuleList(
            nn.Identity() if width == size else nn.Linear(width, size, bias=False)
            for width in config.cluster_sizes
        )

    def forward(self, input_ids: Tensor) -> Tensor:
        """Return the embeddings of tokens, (..., size)."""
        weight: Tensor = self.tables[0].weight
        vectors = weight.new_zeros(*input_ids.shape, self.embedding_dim)
        layers = zip(self.clusters, self.tables, self.projections, strict=True)
        for (low, high), table, projection in layers:
            inside = (input_ids >= low) & (input_ids < high)
            vectors[inside] = projection(table(input_ids[inside] - low)).to(vectors.dtype)
        return vectors

    def scores(self, hidden: Tensor, bias: Tensor) -> list[Tensor]:
        """Return the score of each word, one tensor for each cluster."""
        parts = []
        layers = zip(self.clusters, self.tables, self.projections, strict=True)
        for (low, high), table, projection in layers:
            narrow = hidden
            if isinstance(projection, nn.Linear):
                narrow = functional.linear(hidden, projection.weight.T)
            parts.append(functional.linear(narrow, table.weight, bias[low:high]))
        return parts


class AdaptiveHead(nn.Module):
    """log P(w): a softmax over frequent words and one entry for each cluster of rarer words."""

    def __init__(self, config: NextwordConfig) -> None:
        super().__init__()
        self.words: AdaptiveEmbedding | None = None
        if not config.tie_word_embeddings:
            self.words = AdaptiveEmbedding(config, config.hidden_size)
        self.tails = nn.Linear(config.hidden_size, len(config.cutoffs))
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))

    def forward(self, hidden: Tensor, embedding: nn.Module, *, never_ids: Tensor) -> Tensor:
        """Return log-probabilities, (..., vocab_size); tied weights are those of the embedding."""
        words: Any = embedding if self.words is None else self.words
        bias = self.bias.index_fill(0, never_ids, -math.inf)
        frequent, *rare = words.scores(hidden, bias)
        head = torch.cat([frequent, self.tails(hidden)], dim=-1).log_softmax(dim=-1)
        parts = [head[..., : frequent.shape[-1]]]
        for number, scores in enumerate(rare, start=frequent.shape[-1]):
            parts.append(scores.log_softmax(dim=-1) + head[..., number : number + 1])
        return torch.cat(parts, dim=-1)


def make_layer(config: NextwordConfig, depth: int) -> nn.RNNBase:
    """Return one layer of a stack."""
    input_size = config.output_sizes[depth - 1] if depth else config.input_size
    sizes = (input_size, config.state_sizes[depth])
    if config.cell == "lstm":
        projection_size = config.hidden_size if config.is_projected else 0
        return nn.LSTM(*sizes, batch_first=True, proj_size=projection_size)
    if config.cell == "gru":
        return nn.GRU(*sizes, batch_first=True)
    if config.cell == "elman":
        return nn.RNN(*sizes, batch_first=True, nonlinearity=config.nonlinearity)
    raise ValueError(f"cell is {config.cell!r}; it must be 'lstm', 'gru' or 'elman'")


def run_layer(
    layer: nn.RNNBase, inputs: Tensor, *, state: tuple[Tensor, ...], lengths: Tensor | None
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Run one layer over time.

    Args:
        layer: The layer.
        inputs: (batch, time, input_size); those of each row that count come first.
        state: h, and for an LSTM c, each (batch, size).
        lengths: How many inputs of each row count, (batch); all when None.

    Returns:
        Outputs, (batch, time, size), and the state after the last input that counts.
    """
    before = tuple(part.unsqueeze(0) for part in state)
    start = before if isinstance(layer, nn.LSTM) else before[0]
    if lengths is None:
        outputs, after = layer(inputs, start)
    else:
        packed = pack_padded_sequence(
            inputs, lengths.clamp(min=1).cpu(), batch_first=True, enforce_sorted=False
        )
        packed, after = layer(packed, start)
        outputs, _ = pad_packed_sequence(packed, batch_first=True, total_length=inputs.shape[1])
    parts = after if isinstance(layer, nn.LSTM) else (after,)
    parts = tuple(part.squeeze(0) for part in parts)
    if lengths is not None:
        # Packed sequences are never empty; a row of padding alone keeps its state.
        has_read = (lengths > 0).unsqueeze(1)
        parts = tuple(torch.where(has_read, *pair) for pair in zip(parts, state, strict=True))
    return outputs, parts


def tokens_first(
    attention_mask: Tensor | None, hidden: Tensor
) -> tuple[Tensor | None, Tensor | None]:
    """Return the order that puts the tokens of each row before its padding, and their number."""
    if attention_mask is None:
        return None, None
    if attention_mask.ndim != 2:
        raise ValueError(
            f"attention_mask has {attention_mask.ndim} axes; (batch, time) is expected, as the "
            "tokens are read in order"
        )
    is_token = attention_mask[:, -hidden.shape[1] :].bool()
    if bool(is_token.all()):
        return None, None
    return is_token.int().argsort(dim=1, descending=True, stable=True), is_token.sum(dim=1)


def reordered(vectors: Tensor, order: Tensor | None) -> Tensor:
    """Return the vectors of each row at other positions, (batch, time)."""
    if order is None:
        return vectors
    return vectors.gather(1, order.unsqueeze(2).expand_as(vectors))

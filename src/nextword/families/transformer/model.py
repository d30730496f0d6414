"""The Transformer language model: embeddings, attention over the last tokens, softmax."""

import math
from dataclasses import dataclass
from typing import Literal

from torch import nn

from nextword.base import PositiveInt, require, settings
from nextword.families.contract import NetworkSpec, NeuralModelConfig, NumLayers
from nextword.families.network import build_token_layers, input_size, require_no_recurrence
from nextword.families.transformer.attention import KeysAndValues
from nextword.families.transformer.stack import StackMemory, TransformerStack
from nextword.layers import LayerTrace, TokenLayers
from nextword.models import NeuralLanguageModel, State
from nextword.tensors import Embeddings, Hidden, Lengths, TokenIds

_FEEDFORWARD_FACTOR = 4


class TransformerLanguageModel(NeuralLanguageModel):
    """e[t] = √width E x[t], h[t] from the layers, ŷ[t] = softmax(W_y h[t] + b_y).

    In each layer every position attends to the last `context_size` tokens, with relative positions.
    So reading in chunks does not change the results, and the length of a text is not limited. With
    a tied adaptive softmax, the input embedding is adaptive too.

    Args:
        token_layers: Builds the input embedding and the output head.
        embedding_size: Size of the embeddings; projected to hidden_size where it differs.
        hidden_size: Size of the layers.
        num_layers: Number of layers.
        num_heads: Number of attention heads of each layer.
        context_size: Number of tokens that a position attends to, itself included.
        feedforward_size: Inner size of each layer's feed-forward network.
        layer_dropout: Dropout probability of the outputs of attention and feed-forward networks.

    Raises:
        ConfigError: The tied embedding does not fit, or a setting is out of range.

    Source: [lecture-004], [vaswani2017], [baevski2019].
    """

    family = "transformer"

    def __init__(
        self,
        token_layers: TokenLayers,
        *,
        embedding_size: int,
        hidden_size: int,
        num_layers: int,
        num_heads: int,
        context_size: int,
        feedforward_size: int,
        layer_dropout: float = 0.0,
    ) -> None:
        super().__init__(token_layers.vocabulary)
        token_layers.require_tied_width(embedding_size, hidden_size, name="hidden_size")
        self.context_size = context_size
        self.embedding = token_layers.table(embedding_size)
        self.input = token_layers.token_input()
        self.projection: nn.Module = nn.Identity()
        if embedding_size != hidden_size:
            self.projection = nn.Linear(embedding_size, hidden_size, bias=False)
        self._scale = math.sqrt(embedding_size)
        self.layers = TransformerStack(
            hidden_size,
            num_layers=num_layers,
            num_heads=num_heads,
            context_size=context_size,
            feedforward_size=feedforward_size,
            dropout=token_layers.dropout(layer_dropout),
        )
        self.output_dropout = token_layers.dropout(token_layers.output_dropout)
        self.output = token_layers.output_head(hidden_size, self.embedding)

    def initial_state(self, batch_size: int) -> State:
        """Return the state of rows that have read nothing: no keys and values."""
        row = _to_tensors(self.layers.initial_memory(1))
        initial = {name: tensor[0] for name, tensor in row.items()}
        return State.fresh(initial, batch_size=batch_size, fingerprint=self.fingerprint)

    def run_layers(
        self,
        embeddings: Embeddings,
        state: State,
        *,
        token_ids: TokenIds,
        lengths: Lengths | None = None,
        layer_traces: list[LayerTrace] | None = None,
    ) -> tuple[Hidden, State]:
        """Return the hidden vectors, (batch, time, hidden_size), and the state after reading."""
        # Tied embeddings are small, because the output head uses them too.
        vectors = self.projection(embeddings * self._scale)
        hidden, memory = self.layers(
            vectors,
            self._to_memory(state),
            num_before=state.num_tokens,
            lengths=lengths,
            layer_traces=layer_traces,
        )
        num_new_tokens = token_ids.shape[1] if lengths is None else lengths
        state = state.after(_to_tensors(memory), num_new_tokens=num_new_tokens)
        return self.output_dropout(hidden), state

    def _to_memory(self, state: State) -> StackMemory:
        return tuple(
            KeysAndValues(*(state.tensors[name] for name in _names(depth)))
            for depth in range(len(self.layers.layers))
        )


def _to_tensors(memory: StackMemory) -> dict[str, Hidden]:
    return {
        name: part
        for depth, layer in enumerate(memory)
        for name, part in zip(_names(depth), layer, strict=True)
    }


def _names(depth: int) -> tuple[str, str]:
    return f"layer_{depth}.keys", f"layer_{depth}.values"


@settings("model")
@dataclass(frozen=True, kw_only=True)
class TransformerConfig(NeuralModelConfig):
    """`model.*` of the family `transformer`.

    Attributes:
        family: `transformer`.
        num_layers: Number of layers.
        num_heads: Number of attention heads of each layer; must divide hidden_size.
        hidden_size: Size of every layer.
        feedforward_size: Inner size of the feed-forward networks; 4 * hidden_size when not set.
        embedding_size: Size of the embeddings; hidden_size when not set.
        context_size: Number of tokens that a position attends to in each layer, itself included.
        tied: Use the embedding table as the weight of the output head too; with
            `output.kind=adaptive` the input embedding is adaptive as well.

    Raises:
        ConfigError: A size is below 1, or the heads do not divide hidden_size.
    """

    family: Literal["transformer"] = "transformer"
    num_layers: NumLayers = 4
    num_heads: PositiveInt = 4
    hidden_size: PositiveInt = 256
    feedforward_size: PositiveInt | None = None
    embedding_size: PositiveInt | None = None
    context_size: PositiveInt = 128
    tied: bool = True

    def __post_init__(self) -> None:
        require(
            self.hidden_size % self.num_heads == 0,
            f"model.hidden_size is {self.hidden_size}, which is not divisible by model.num_heads, "
            f"{self.num_heads}.",
            help=f"Set model.hidden_size={self._nearest_width()}, or another model.num_heads.",
        )

    def describe(self) -> str:
        """Return a short description of the architecture.

        Example:
            >>> TransformerConfig(num_layers=4, num_heads=4, context_size=128).describe()
            '4 attention layers of 256, 4 heads over 128 tokens'
        """
        layers = "layer" if self.num_layers == 1 else "layers"
        heads = "head" if self.num_heads == 1 else "heads"
        return (
            f"{self.num_layers} attention {layers} of {self.hidden_size}, {self.num_heads} {heads} "
            f"over {self.context_size} tokens"
        )

    def build(self, network: NetworkSpec) -> TransformerLanguageModel:
        """Build the model, with random weights from torch's default generator.

        Raises:
            ConfigError: A backend or a recurrent regularizer is set, or embedding or output do not
                fit.
        """
        require_no_recurrence(network, family=self.family)
        token_layers = build_token_layers(network, tied=self.tied)
        return TransformerLanguageModel(
            token_layers,
            embedding_size=input_size(token_layers, self.embedding_size, default=self.hidden_size),
            hidden_size=self.hidden_size,
            num_layers=self.num_layers,
            num_heads=self.num_heads,
            context_size=self.context_size,
            feedforward_size=self.feedforward_size or _FEEDFORWARD_FACTOR * self.hidden_size,
            layer_dropout=network.regularization.layer_dropout,
        )

    def _nearest_width(self) -> int:
        return max(1, round(self.hidden_size / self.num_heads)) * self.num_heads

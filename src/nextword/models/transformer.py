"""The Transformer language model: embeddings, attention over the last tokens, softmax."""

import math

from torch import nn

from nextword.layers import TokenLayers
from nextword.models.neural import NeuralLanguageModel
from nextword.models.state import State
from nextword.tensors import Hidden, Lengths, TokenIds
from nextword.transformer import KeysAndValues, StackMemory, TransformerStack


class TransformerLanguageModel(NeuralLanguageModel):
    """e[t] = √width E x[t], h[t] from the layers, ŷ[t] = softmax(W_y h[t] + b_y).

    In each layer every position sees the last `context_size` tokens, no more and no fewer, and
    knows how far back each one lies, not where it stands. So reading in chunks changes nothing and
    a text may go on for ever. With a tied adaptive output, the vectors of rare words are narrow
    both where they are read and where they are predicted: the Transformer with adaptive inputs.

    Args:
        token_layers: Builds the input embedding and the output head.
        embedding_size: Width of an embedding; another one than the layers' is projected to it.
        hidden_size: Width of the layers.
        num_layers: Layers.
        num_heads: Heads of each.
        context_size: Tokens that a position sees in each layer, its own included.
        feedforward_size: Width of each layer's feed-forward network.
        layer_dropout: Share dropped of what attention and feed-forward networks add.

    Raises:
        ConfigError: The tied table cannot fit or is none, or a setting is out of range.

    Source: lecture 004; Vaswani et al. (2017), Baevski & Auli (2019).
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
        super().__init__()
        token_layers.require_tied_width(embedding_size, hidden_size, name="hidden_size")
        self.vocab_size = token_layers.vocab_size
        self.boundary_id = token_layers.boundary_id
        self.never_ids = token_layers.never_ids
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
        """Give the state of rows that have read nothing: no keys and values to look at."""
        row = _to_tensors(self.layers.initial_memory(1))
        initial = {name: tensor[0] for name, tensor in row.items()}
        return State.fresh(initial, batch_size=batch_size, fingerprint=self.fingerprint)

    def hidden(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> tuple[Hidden, State]:
        """Read tokens and give what predicts the one after each, (batch, time, hidden)."""
        self.check_inputs(token_ids, state, lengths)
        # Embeddings that predict as well are small; what is added to them is not.
        vectors = self.projection(self.input(token_ids, self.embedding) * self._scale)
        hidden, memory = self.layers(
            vectors, self._to_memory(state), num_before=state.num_tokens, lengths=lengths
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

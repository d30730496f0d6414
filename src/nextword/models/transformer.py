"""The Transformer language model: embeddings, attention over the last tokens, softmax."""

import math

from torch import nn

from nextword.base import ConfigError
from nextword.embeddings import embedding_table
from nextword.models.neural import NeuralLanguageModel
from nextword.models.state import State
from nextword.models.token_input import TokenInput
from nextword.outputs import FullSoftmax, OutputFactory
from nextword.recurrent import Dropout, LockedDropout
from nextword.tensors import Hidden, Lengths, TokenIds
from nextword.transformer import KeysAndValues, StackMemory, TransformerStack


class TransformerLanguageModel(NeuralLanguageModel):
    """e[t] = √width E x[t], h[t] from the layers, ŷ[t] = softmax(W_y h[t] + b_y).

    In each layer every position sees the last `context_size` tokens, no more and no fewer, and
    knows how far back each one lies, not where it stands. So reading in chunks changes nothing and
    a text may go on for ever. With a tied adaptive output, the vectors of rare words are narrow
    both where they are read and where they are predicted: the Transformer with adaptive inputs.

    Args:
        vocab_size: Number of token ids.
        boundary_id: The id that is read before the first token of a text.
        never_ids: Ids that are never predicted.
        embedding_size: Width of an embedding; another one than the layers' is projected to it.
        hidden_size: Width of the layers.
        num_layers: Layers.
        num_heads: Heads of each.
        context_size: Tokens that a position sees in each layer, its own included.
        feedforward_size: Width of each layer's feed-forward network.
        one_hot: Whether tokens are one-hot vectors instead of rows of a table.
        frozen: Whether training leaves the table as it is.
        tied: Use the embedding table as W_y as well.
        output: Builds the output layer.
        cutoffs: Ids from which on the table's rows are narrower, where it is an adaptive output's
            as well.
        input_dropout: Share of the embeddings' entries dropped in training.
        layer_dropout: Share dropped of what attention and feed-forward networks add.
        output_dropout: Share of the last layer's outputs dropped.
        embedding_dropout: Share of the vocabulary whose embedding is dropped, a window at a time.
        locked: One mask for all steps of a window instead of one a step.

    Raises:
        ConfigError: The tied table cannot fit or is none, or a setting is out of range.

    Source: lecture 004; Vaswani et al. (2017), Baevski & Auli (2019).
    """

    family = "transformer"

    def __init__(
        self,
        *,
        vocab_size: int,
        boundary_id: int,
        never_ids: tuple[int, ...],
        embedding_size: int,
        hidden_size: int,
        num_layers: int,
        num_heads: int,
        context_size: int,
        feedforward_size: int,
        one_hot: bool = False,
        frozen: bool = False,
        tied: bool = True,
        output: OutputFactory = FullSoftmax,
        cutoffs: tuple[int, ...] = (),
        input_dropout: float = 0.0,
        layer_dropout: float = 0.0,
        output_dropout: float = 0.0,
        embedding_dropout: float = 0.0,
        locked: bool = True,
    ) -> None:
        super().__init__()
        if tied and not one_hot and embedding_size != hidden_size:
            raise ConfigError(
                f"model.tied needs equal sizes, but embedding_size is {embedding_size} and "
                f"hidden_size {hidden_size}.",
                help="Set them equal, or --set model.tied=false.",
            )
        self.vocab_size = vocab_size
        self.boundary_id = boundary_id
        self.never_ids = never_ids
        self.embedding = embedding_table(
            vocab_size,
            embedding_size,
            one_hot=one_hot,
            frozen=frozen,
            tied=tied,
            cutoffs=cutoffs,
        )
        self.input = TokenInput(
            vocab_size,
            input_dropout=input_dropout,
            embedding_dropout=embedding_dropout,
            locked=locked,
        )
        self.projection: nn.Module = nn.Identity()
        if embedding_size != hidden_size:
            self.projection = nn.Linear(embedding_size, hidden_size, bias=False)
        self._scale = math.sqrt(embedding_size)
        dropout = LockedDropout if locked else Dropout
        self.layers = TransformerStack(
            hidden_size,
            num_layers=num_layers,
            num_heads=num_heads,
            context_size=context_size,
            feedforward_size=feedforward_size,
            dropout=dropout(layer_dropout),
        )
        self.output_dropout = dropout(output_dropout)
        self.output = output(
            hidden_size,
            vocab_size,
            never_ids=never_ids,
            tied_weight=self.embedding if tied else None,
        )

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

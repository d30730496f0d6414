"""The recurrent language model: embedding, a stack of cells over time, softmax."""

from collections.abc import Sequence

import torch
from torch import nn

from nextword.base import ConfigError
from nextword.cells import AnyCell
from nextword.models.neural import NeuralLanguageModel
from nextword.models.state import State
from nextword.outputs import FullSoftmax
from nextword.recurrent import Dropout, LockedDropout, RecurrentStack, StackState, embed
from nextword.tensors import Hidden, Lengths, TokenIds


class RecurrentLanguageModel(NeuralLanguageModel):
    """e[t] = E x[t], h[t] from the stack, ŷ[t] = softmax(W_y h[t] + b_y).

    Args:
        vocab_size: Number of token ids.
        boundary_id: The id that is read before the first token of a text.
        never_ids: Ids that are never predicted.
        cells: The layers' cells, lowest first; the first one's input is as wide as an embedding.
        tied: Use the embedding table as W_y as well.
        input_dropout: Share of the embeddings' entries dropped in training.
        layer_dropout: Share dropped between layers.
        output_dropout: Share of the last layer's outputs dropped.
        embedding_dropout: Share of the vocabulary whose embedding is dropped, a window at a time.
        locked: One mask for all steps of a window instead of one a step.
        backend: How layers are run over time.

    Raises:
        ConfigError: The tied table cannot fit, or a setting is out of range.

    Source: lectures 000-004; Mikolov et al. (2010), Zaremba et al. (2014).
    """

    family = "recurrent"

    def __init__(
        self,
        *,
        vocab_size: int,
        boundary_id: int,
        never_ids: tuple[int, ...],
        cells: Sequence[AnyCell],
        tied: bool = True,
        input_dropout: float = 0.0,
        layer_dropout: float = 0.0,
        output_dropout: float = 0.0,
        embedding_dropout: float = 0.0,
        locked: bool = True,
        backend: str = "auto",
    ) -> None:
        super().__init__()
        embedding_size, hidden_size = cells[0].input_size, cells[-1].hidden_size
        if tied and embedding_size != hidden_size:
            raise ConfigError(
                f"model.tied needs equal sizes, but embedding_size is {embedding_size} and the "
                f"last hidden_size {hidden_size}.",
                help="Set them equal, or --set model.tied=false.",
            )
        self.vocab_size = vocab_size
        self.boundary_id = boundary_id
        self.never_ids = never_ids
        self.embedding_dropout = embedding_dropout
        scale = embedding_size**-0.5 if tied else 0.1
        self.embedding = nn.Parameter(
            torch.empty(vocab_size, embedding_size).uniform_(-scale, scale)
        )
        dropout = LockedDropout if locked else Dropout
        self.input_dropout = dropout(input_dropout)
        self.core = RecurrentStack(cells, dropout_between=dropout(layer_dropout), backend=backend)
        self.output_dropout = dropout(output_dropout)
        self.output = FullSoftmax(
            hidden_size,
            vocab_size,
            never_ids=never_ids,
            tied_weight=self.embedding if tied else None,
        )

    def initial_state(self, batch_size: int) -> State:
        """Give h[0] (and c[0]) = 0 for every layer and row."""
        row = self._to_tensors(self.core.initial_state(1))
        initial = {name: tensor[0] for name, tensor in row.items()}
        return State.fresh(initial, batch_size=batch_size, fingerprint=self.fingerprint)

    def hidden(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> tuple[Hidden, State]:
        """Read tokens and give the last layer's outputs, (batch, time, hidden)."""
        self.check_inputs(token_ids, state, lengths)
        embeddings = embed(
            token_ids,
            self.embedding,
            row_dropout=self.embedding_dropout,
            training=self.training,
        )
        outputs, stack_state = self.core(
            self.input_dropout(embeddings), self._to_stack_state(state), lengths
        )
        num_new_tokens = token_ids.shape[1] if lengths is None else lengths
        state = state.after(self._to_tensors(stack_state), num_new_tokens=num_new_tokens)
        return self.output_dropout(outputs), state

    def _to_tensors(self, stack_state: StackState) -> dict[str, torch.Tensor]:
        """Name every part of every layer's state."""
        return {
            f"layer_{depth}.{name}": part
            for depth, (cell, parts) in enumerate(zip(self.core.layers, stack_state, strict=True))
            for name, part in zip(cell.state_names, parts, strict=True)
        }

    def _to_stack_state(self, state: State) -> StackState:
        """Put the named parts back into each layer's container."""
        return tuple(
            type(empty)(*(state.tensors[f"layer_{depth}.{name}"] for name in cell.state_names))
            for depth, (cell, empty) in enumerate(
                zip(self.core.layers, self.core.initial_state(0), strict=True)
            )
        )

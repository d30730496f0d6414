"""The recurrent language model: embedding, a stack of cells over time, softmax."""

from collections.abc import Sequence

import torch

from nextword.base import ConfigError
from nextword.cells import AnyCell
from nextword.embeddings import embedding_table
from nextword.models.neural import NeuralLanguageModel
from nextword.models.state import State
from nextword.models.token_input import TokenInput
from nextword.outputs import FullSoftmax, OutputFactory
from nextword.recurrent import (
    ActivationPenalty,
    Dropout,
    LockedDropout,
    RecurrentRegularizer,
    RecurrentStack,
    StackState,
)
from nextword.tensors import Hidden, Lengths, Nll, TokenIds


class RecurrentLanguageModel(NeuralLanguageModel):
    """e[t] = E x[t], h[t] from the stack, ŷ[t] = softmax(W_y h[t] + b_y).

    Args:
        vocab_size: Number of token ids.
        boundary_id: The id that is read before the first token of a text.
        never_ids: Ids that are never predicted.
        cells: The layers' cells, lowest first; the first one's input is as wide as an embedding.
        one_hot: Whether tokens are one-hot vectors instead of rows of a table.
        frozen: Whether training leaves the table as it is.
        tied: Use the embedding table as W_y as well.
        output: Builds the output layer.
        cutoffs: Ids from which on the table's rows are narrower, where it is an adaptive output's
            as well.
        input_dropout: Share of the embeddings' entries dropped in training.
        layer_dropout: Share dropped between layers.
        output_dropout: Share of the last layer's outputs dropped.
        embedding_dropout: Share of the vocabulary whose embedding is dropped, a window at a time.
        locked: One mask for all steps of a window instead of one a step.
        regularizer: Disturbs the recurrence of every layer in training.
        penalty: The price of the last layer's outputs in the training loss.
        residual: Whether what a layer reads is added to what it gives, from the second one on.
        backend: How layers are run over time.

    Raises:
        ConfigError: The tied table cannot fit or is none, or a setting is out of range.

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
        regularizer: RecurrentRegularizer | None = None,
        penalty: ActivationPenalty | None = None,
        residual: bool = False,
        backend: str = "auto",
    ) -> None:
        super().__init__()
        embedding_size, hidden_size = cells[0].input_size, cells[-1].output_size
        if tied and embedding_size != hidden_size:
            raise ConfigError(
                f"model.tied needs equal sizes, but embedding_size is {embedding_size} and the "
                f"last hidden_size {hidden_size}.",
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
        dropout = LockedDropout if locked else Dropout
        self.core = RecurrentStack(
            cells,
            dropout_between=dropout(layer_dropout),
            regularizer=regularizer,
            residual=residual,
            backend=backend,
        )
        self.penalty = penalty if penalty is not None else ActivationPenalty()
        self.output_dropout = dropout(output_dropout)
        self.output = output(
            hidden_size,
            vocab_size,
            never_ids=never_ids,
            tied_weight=self.embedding if tied else None,
        )

    @property
    def backends(self) -> tuple[str, ...]:
        """Name how each layer is run over time, lowest first."""
        return tuple(backend.name for backend in self.core.backends)

    def initial_state(self, batch_size: int) -> State:
        """Give h[0] (and c[0]) = 0 for every layer and row."""
        row = self._to_tensors(self.core.initial_state(1))
        initial = {name: tensor[0] for name, tensor in row.items()}
        return State.fresh(initial, batch_size=batch_size, fingerprint=self.fingerprint)

    def hidden(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> tuple[Hidden, State]:
        """Read tokens and give the last layer's outputs, (batch, time, hidden)."""
        outputs, state = self._outputs(token_ids, state, lengths)
        return self.output_dropout(outputs), state

    def penalized_hidden(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> tuple[Hidden, State, Nll | None]:
        """Read tokens as `hidden` does, and give the price of the outputs at each position."""
        outputs, state = self._outputs(token_ids, state, lengths)
        dropped = self.output_dropout(outputs)
        return dropped, state, self.penalty(outputs, dropped) if self.penalty else None

    def _outputs(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None
    ) -> tuple[Hidden, State]:
        """Give the last layer's outputs before dropout."""
        self.check_inputs(token_ids, state, lengths)
        embeddings = self.input(token_ids, self.embedding)
        outputs, stack_state = self.core(embeddings, self._to_stack_state(state), lengths)
        num_new_tokens = token_ids.shape[1] if lengths is None else lengths
        return outputs, state.after(self._to_tensors(stack_state), num_new_tokens=num_new_tokens)

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

"""The recurrent language model: embedding, a stack of cells over time, softmax."""

from collections.abc import Sequence

import torch

from nextword.cells import AnyCell
from nextword.layers import TokenLayers
from nextword.models.neural import NeuralLanguageModel
from nextword.models.state import State
from nextword.recurrent import (
    ActivationPenalty,
    RecurrentRegularizer,
    RecurrentStack,
    StackState,
)
from nextword.tensors import Hidden, Lengths, Nll, TokenIds


class RecurrentLanguageModel(NeuralLanguageModel):
    """e[t] = E x[t], h[t] from the stack, ŷ[t] = softmax(W_y h[t] + b_y).

    Args:
        token_layers: Builds the input embedding and the output head.
        cells: The layers' cells, lowest first; the first one's input is as wide as an embedding.
        layer_dropout: Share dropped between layers.
        regularizer: Disturbs the recurrence of every layer in training.
        penalty: Activation regularization (AR, TAR) of the last layer's outputs.
        residual: Whether what a layer reads is added to what it gives, from the second one on.
        backend: How layers are run over time.

    Raises:
        ConfigError: The tied table cannot fit or is none, or a setting is out of range.

    Source: lectures 000-004; Mikolov et al. (2010), Zaremba et al. (2014).
    """

    family = "recurrent"

    def __init__(
        self,
        token_layers: TokenLayers,
        *,
        cells: Sequence[AnyCell],
        layer_dropout: float = 0.0,
        regularizer: RecurrentRegularizer | None = None,
        penalty: ActivationPenalty | None = None,
        residual: bool = False,
        backend: str = "auto",
    ) -> None:
        super().__init__()
        embedding_size, hidden_size = cells[0].input_size, cells[-1].output_size
        token_layers.require_tied_width(
            embedding_size, hidden_size, name="the last layer's outputs"
        )
        self.vocab_size = token_layers.vocab_size
        self.boundary_id = token_layers.boundary_id
        self.never_ids = token_layers.never_ids
        self.embedding = token_layers.table(embedding_size)
        self.input = token_layers.token_input()
        self.core = RecurrentStack(
            cells,
            dropout_between=token_layers.dropout(layer_dropout),
            regularizer=regularizer,
            residual=residual,
            backend=backend,
        )
        self.penalty = penalty if penalty is not None else ActivationPenalty()
        self.output_dropout = token_layers.dropout(token_layers.output_dropout)
        self.output = token_layers.output_head(hidden_size, self.embedding)

    @property
    def backends(self) -> tuple[str, ...]:
        """Name how each layer is run over time, lowest first."""
        return tuple(backend.name for backend in self.core.backends)

    @property
    def lacks_kernels(self) -> bool:
        """Whether it would train faster with the compiled kernels, which are not installed."""
        return self.core.lacks_kernels

    def limit_state_gradient(self, threshold: float) -> None:
        """Clip the gradient that every step hands back to the state before it, from now on."""
        self.core.limit_state_gradient(threshold)

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
        """Read tokens as `hidden` does, and return the AR and TAR penalty at each position."""
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

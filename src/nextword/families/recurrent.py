"""The recurrent language model: embedding, a stack of cells over time, softmax."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch

from nextword.base import PositiveInt, require, settings
from nextword.cells import (
    CELLS,
    AnyCell,
    Nonlinearity,
    RecurrentInitialization,
    initialize_recurrent_matrix,
)
from nextword.families.contract import NetworkSpec, NeuralModelConfig, NumLayers
from nextword.families.network import build_token_layers, input_size
from nextword.layers import LayerTrace, TokenLayers
from nextword.models import NeuralLanguageModel, State
from nextword.recurrent import RecurrentRegularizer, RecurrentStack, StackState
from nextword.tensors import Embeddings, Hidden, Lengths, TokenIds

_CELLS_WITH_NONLINEARITY = frozenset({"elman", "elman_preactivation"})
_CELLS_WITH_FORGET_BIAS = frozenset(
    {"cifg", "lstm", "lstm_layer_norm", "lstm_projected", "min_lstm", "slstm"}
)
#: A registered cell may read any setting; only these are known not to.
_BUILT_IN_CELLS = (
    frozenset({"gru", "linear", "min_gru", "rg_lru"})
    | _CELLS_WITH_NONLINEARITY
    | _CELLS_WITH_FORGET_BIAS
)


class RecurrentLanguageModel(NeuralLanguageModel):
    """e[t] = E x[t], h[t] from the stack, ŷ[t] = softmax(W_y h[t] + b_y).

    Args:
        token_layers: Builds the input embedding and the output head.
        cells: The cell of each layer, lowest first; the input size of the first one is the
            embedding size.
        layer_dropout: Dropout probability between layers.
        regularizer: Noise in the recurrence of every layer in training.
        residual: Add the input of a layer to its output, from the second layer on.
        backend: Name of the implementation of the layers; `auto` chooses one.

    Raises:
        ConfigError: The tied embedding does not fit, or a setting is out of range.

    Source: [lecture-000], [lecture-004], [mikolov2010], [zaremba2014].
    """

    family = "recurrent"

    def __init__(
        self,
        token_layers: TokenLayers,
        *,
        cells: Sequence[AnyCell],
        layer_dropout: float = 0.0,
        regularizer: RecurrentRegularizer | None = None,
        residual: bool = False,
        backend: str = "auto",
    ) -> None:
        super().__init__(token_layers.vocabulary)
        embedding_size, hidden_size = cells[0].input_size, cells[-1].output_size
        token_layers.require_tied_width(
            embedding_size, hidden_size, name="the last layer's outputs"
        )
        self.embedding = token_layers.table(embedding_size)
        self.input = token_layers.token_input()
        self.core = RecurrentStack(
            cells,
            dropout_between=token_layers.dropout(layer_dropout),
            regularizer=regularizer,
            residual=residual,
            backend=backend,
        )
        self.output_dropout = token_layers.dropout(token_layers.output_dropout)
        self.output = token_layers.output_head(hidden_size, self.embedding)

    def initial_state(self, batch_size: int) -> State:
        """Return h[0] (and c[0]) = 0 for every layer and row, or the learnt initial state."""
        row = self._to_tensors(self.core.initial_state(1))
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
        """Return the last layer's outputs, (batch, time, hidden), and the state after reading."""
        outputs, stack_state = self.core(
            embeddings, self._to_stack_state(state), lengths=lengths, layer_traces=layer_traces
        )
        num_new_tokens = token_ids.shape[1] if lengths is None else lengths
        state = state.after(self._to_tensors(stack_state), num_new_tokens=num_new_tokens)
        return self.output_dropout(outputs), state

    def _to_tensors(self, stack_state: StackState) -> dict[str, torch.Tensor]:
        """Return the parts of every layer's state by name."""
        return {
            f"layer_{depth}.{name}": part
            for depth, (cell, parts) in enumerate(zip(self.core.layers, stack_state, strict=True))
            for name, part in zip(cell.state_names, parts, strict=True)
        }

    def _to_stack_state(self, state: State) -> StackState:
        """Return the state of each layer from its named parts."""
        return tuple(
            cell.state_type(*(state.tensors[f"layer_{depth}.{name}"] for name in cell.state_names))
            for depth, cell in enumerate(self.core.layers)
        )


@dataclass(frozen=True, kw_only=True)
class RecurrentSettings:
    """`model.*` of every family that has a recurrent network.

    Attributes:
        family: Name of the family.
        cell: `lstm`, `lstm_projected` (its hidden state is a projection), `lstm_layer_norm`,
            `cifg` (coupled gates), `slstm` (exponential gates), `gru`, `elman`,
            `elman_preactivation` (its state is the sum before σ), `linear`, or `min_gru`,
            `min_lstm` and `rg_lru`, whose gates depend on the input only. `register_cell` adds
            others.
        nonlinearity: σ of the Elman cells: `tanh`, `sigmoid` or `relu`.
        num_layers: Number of stacked layers.
        hidden_size: Size of the hidden state of every layer.
        last_hidden_size: Size of the hidden state of the last layer, if it differs; with `tied`
            it must equal the embedding size.
        projection_size: Size of the projected hidden state of `lstm_projected`.
        embedding_size: Size of the embeddings; the size of the last layer's outputs when not set.
        tied: Use the embedding table as the weight of the output head too.
        forget_bias: Initial bias of the forget gate, in every kind of LSTM.
        recurrent_initialization: Initialization of the recurrent matrices: `uniform` (small
            random numbers), `orthogonal` or `identity`.
        learnt_initial_state: Learn the state before the first token; otherwise it is zero.
        residual: Add the input of a layer to its output, from the second layer on.
    """

    family: str
    cell: str = "lstm"
    nonlinearity: Nonlinearity = "tanh"
    num_layers: NumLayers = 1
    hidden_size: PositiveInt = 200
    last_hidden_size: PositiveInt | None = None
    projection_size: PositiveInt | None = None
    embedding_size: PositiveInt | None = None
    tied: bool = True
    forget_bias: float = 1.0
    recurrent_initialization: RecurrentInitialization = "uniform"
    learnt_initial_state: bool = False
    residual: bool = False

    def __post_init__(self) -> None:
        CELLS.check(self.cell)
        require(
            (self.projection_size is not None) == (self.cell == "lstm_projected"),
            f"projection_size is {self.projection_size} and cell is {self.cell!r}; only "
            "'lstm_projected' has a projection, and it needs a size.",
            help="Set model.projection_size if and only if model.cell is lstm_projected.",
        )
        narrowest = min(self.hidden_sizes)
        require(
            self.projection_size is None or self.projection_size <= narrowest,
            f"projection_size is {self.projection_size}, larger than hidden_size, {narrowest}.",
            help=f"Set model.projection_size to at most {narrowest}.",
        )
        require(
            self.num_layers > 1 or not self.residual,
            "residual is true, but residual connections start at the second layer and num_layers "
            "is 1.",
            help="Set model.num_layers to 2 or more, or leave model.residual out.",
        )

    @property
    def hidden_sizes(self) -> tuple[int, ...]:
        """Size of each layer's hidden state, lowest first."""
        last = self.hidden_size if self.last_hidden_size is None else self.last_hidden_size
        return (self.hidden_size,) * (self.num_layers - 1) + (last,)

    @property
    def output_size(self) -> int:
        """Size of the last layer's outputs."""
        return self.hidden_sizes[-1] if self.projection_size is None else self.projection_size

    def describe(self) -> str:
        """Return a short description of the architecture.

        Example:
            >>> RecurrentConfig(cell="lstm", num_layers=2, hidden_size=200).describe()
            '2 lstm layers of 200'
        """
        layers = "layer" if self.num_layers == 1 else "layers"
        width = f"{self.hidden_size}"
        if self.last_hidden_size is not None:
            width += f", the last of {self.last_hidden_size}"
        if self.projection_size is not None:
            width += f", projected to {self.projection_size}"
        return f"{self.num_layers} {self.cell} {layers} of {width}"

    def build_network(self, network: NetworkSpec) -> RecurrentLanguageModel:
        """Build the recurrent network, with random weights from torch's default generator.

        Args:
            network: Vocabulary, input embedding, output head, regularization and backend.

        Raises:
            ConfigError: Embedding, output or backend do not fit.
        """
        layers = build_token_layers(network, tied=self.tied)
        return RecurrentLanguageModel(
            layers,
            cells=self.cells(input_size(layers, self.embedding_size, default=self.output_size)),
            layer_dropout=network.regularization.layer_dropout,
            regularizer=network.regularization.regularizer,
            residual=self.residual,
            backend=network.backend,
        )

    def cells(self, width: int) -> list[AnyCell]:
        """Build the cell of each layer, lowest first.

        Args:
            width: Input size of the lowest layer.
        """
        cells: list[AnyCell] = []
        for hidden_size in self.hidden_sizes:
            settings = replace(self, hidden_size=hidden_size, last_hidden_size=None)
            cell = CELLS[self.cell](width, settings)
            initialize_recurrent_matrix(cell, self.recurrent_initialization)
            if self.learnt_initial_state:
                cell.learn_initial_state()
            cells.append(cell)
            width = cell.output_size
        return cells

    def idle_settings(self) -> dict[str, str]:
        """Return the settings that the cell or the number of layers leaves without effect."""
        idle = idle_cell_settings(self.cell, section="model")
        if self.num_layers == 1:
            idle["regularization.layer_dropout"] = "there is one layer, and nothing between layers"
        return idle


def idle_cell_settings(cell: str, *, section: str) -> dict[str, str]:
    """Return the settings that have no effect on a cell, with the reasons.

    Args:
        cell: Name of the cell.
        section: The section that the settings of the cell are in.

    Example:
        >>> idle_cell_settings("gru", section="model").keys()
        dict_keys(['model.nonlinearity', 'model.forget_bias'])
    """
    idle = {}
    if cell in _BUILT_IN_CELLS - _CELLS_WITH_NONLINEARITY:
        idle[f"{section}.nonlinearity"] = f"{section}.cell is {cell!r}; only elman cells have it"
    if cell in _BUILT_IN_CELLS - _CELLS_WITH_FORGET_BIAS:
        reason = f"{section}.cell is {cell!r}, which has no forget gate's bias"
        idle[f"{section}.forget_bias"] = reason
    return idle


@settings("model")
@dataclass(frozen=True, kw_only=True)
class RecurrentConfig(RecurrentSettings, NeuralModelConfig):
    """`model.*` of the family `recurrent`.

    Attributes:
        family: `recurrent`.
    """

    family: Literal["recurrent"] = "recurrent"

    def idle_settings(self) -> dict[str, str]:
        """Return the settings that have no effect on this network, with the reasons."""
        # Both bases have a part of the answer; the families with a table use the second one only.
        return NeuralModelConfig.idle_settings(self) | RecurrentSettings.idle_settings(self)

    def build(self, network: NetworkSpec) -> RecurrentLanguageModel:
        """Build the model, with random weights from torch's default generator.

        Raises:
            ConfigError: Embedding, output or backend do not fit.
        """
        return self.build_network(network)

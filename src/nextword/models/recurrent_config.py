"""Settings of a recurrent language model, and how they build one."""

from dataclasses import dataclass, replace
from typing import Literal

from nextword.base import STRICT, require, require_range
from nextword.cells import (
    CELLS,
    AnyCell,
    Nonlinearity,
    RecurrentInitialization,
    initialize_recurrent_matrix,
)
from nextword.embeddings import EmbeddingConfig
from nextword.models.config import MAX_LAYERS, RegularizationConfig
from nextword.models.ends_config import input_size, network_ends
from nextword.models.recurrent import RecurrentLanguageModel
from nextword.outputs import OutputConfig


@dataclass(frozen=True, kw_only=True)
class RecurrentSettings:
    """`model.*` of every family that has a recurrent network.

    Attributes:
        family: Which one.
        cell: `lstm`, `lstm_projected` (shows and feeds back a narrow vector), `lstm_layer_norm`,
            `gru`, `elman`, `elman_preactivation` (its state is the sum before σ), `linear`, or
            `min_gru` and `min_lstm`, whose gates look at the input alone. Others join by
            `register_cell`.
        nonlinearity: σ of the Elman cells: `tanh`, `sigmoid` or `relu`.
        num_layers: How many layers stand above each other.
        hidden_size: Width of every layer's state.
        last_hidden_size: Width of the last layer's state, where it differs; `tied` needs one as
            wide as an embedding.
        projection_size: Width of what a layer of `lstm_projected` shows.
        embedding_size: Width of an embedding; that of a layer's outputs when not given.
        tied: Whether the embedding table is the output's weight too.
        forget_bias: Where the forget gate's bias starts, in every kind of LSTM.
        recurrent_initialization: How recurrent matrices start: `uniform` (small random numbers),
            `orthogonal` or `identity`.
        learnt_initial_state: Whether training finds the state before the first token; else zero.
        residual: Whether what a layer reads is added to its outputs, from the second one on.
    """

    family: str
    cell: str = "lstm"
    nonlinearity: Nonlinearity = "tanh"
    num_layers: int = 1
    hidden_size: int = 200
    last_hidden_size: int | None = None
    projection_size: int | None = None
    embedding_size: int | None = None
    tied: bool = True
    forget_bias: float = 1.0
    recurrent_initialization: RecurrentInitialization = "uniform"
    learnt_initial_state: bool = False
    residual: bool = False

    def __post_init__(self) -> None:
        CELLS.check(self.cell)
        require_range("num_layers", self.num_layers, low=1, high=MAX_LAYERS)
        require_range("hidden_size", self.hidden_size, low=1)
        for name in ("last_hidden_size", "projection_size", "embedding_size"):
            require_range(name, getattr(self, name), low=1)
        require(
            (self.projection_size is not None) == (self.cell == "lstm_projected"),
            f"projection_size is {self.projection_size} and cell {self.cell!r}; a projection "
            "belongs to 'lstm_projected', which needs one.",
            help="Set model.projection_size with model.cell=lstm_projected, and not without.",
        )
        narrowest = min(self.hidden_sizes)
        require(
            self.projection_size is None or self.projection_size <= narrowest,
            f"projection_size is {self.projection_size}, wider than hidden_size, {narrowest}.",
            help=f"Set model.projection_size to at most {narrowest}.",
        )
        require(
            self.num_layers > 1 or not self.residual,
            "residual is true, but with one layer there is none whose input could be added.",
            help="Set model.num_layers to 2 or more, or leave model.residual out.",
        )

    @property
    def hidden_sizes(self) -> tuple[int, ...]:
        """Width of each layer's state, lowest first."""
        last = self.hidden_size if self.last_hidden_size is None else self.last_hidden_size
        return (self.hidden_size,) * (self.num_layers - 1) + (last,)

    @property
    def output_size(self) -> int:
        """Width of the last layer's outputs."""
        return self.hidden_sizes[-1] if self.projection_size is None else self.projection_size

    def describe(self) -> str:
        """Say in a few words what it is.

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

    def network(
        self,
        *,
        vocab_size: int,
        boundary_id: int,
        never_ids: tuple[int, ...],
        regularization: RegularizationConfig,
        embedding: EmbeddingConfig | None = None,
        output: OutputConfig | None = None,
        backend: str = "auto",
    ) -> RecurrentLanguageModel:
        """Build the network, its weights drawn from torch's generator.

        Raises:
            ConfigError: Embedding, output or backend do not fit.
        """
        ends = network_ends(
            vocab_size=vocab_size,
            boundary_id=boundary_id,
            never_ids=never_ids,
            tied=self.tied,
            regularization=regularization,
            embedding=embedding,
            output=output,
        )
        return RecurrentLanguageModel(
            ends,
            cells=self.cells(input_size(ends, self.embedding_size, self.output_size)),
            layer_dropout=regularization.layer_dropout,
            regularizer=regularization.regularizer,
            penalty=regularization.penalty,
            residual=self.residual,
            backend=backend,
        )

    def cells(self, width: int) -> list[AnyCell]:
        """Give the layers' cells, lowest first.

        Args:
            width: Of what the lowest one reads.
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


@STRICT
@dataclass(frozen=True, kw_only=True)
class RecurrentConfig(RecurrentSettings):
    """`model.*` of the family `recurrent`.

    Attributes:
        family: `recurrent`.
    """

    family: Literal["recurrent"] = "recurrent"

    build = RecurrentSettings.network

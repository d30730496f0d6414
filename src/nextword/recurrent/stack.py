"""A stack of recurrent layers over time: one layer's outputs are the next one's inputs."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from torch import nn

from nextword.base import ShapeError
from nextword.cells import AnyCell, CellState
from nextword.recurrent.backends import Backend, choose_backend
from nextword.tensors import Embeddings, Hidden, Lengths

#: One state a layer, lowest first.
StackState = tuple[CellState, ...]


class RecurrentStack(nn.Module):
    """Runs cells over time, one above the other.

    Args:
        cells: The layers' cells, lowest first; each reads what the one below gives out.
        dropout_between: Applied to what one layer hands to the next, not to the last outputs.
        backend: How layers are run: `auto`, or the name of a backend.

    Raises:
        ShapeError: A cell's input is not as wide as the outputs of the one below.
        ConfigError: The backend is unknown or does not support a cell.

    Source: lecture 004, multi-layer RNNs.
    """

    def __init__(
        self,
        cells: Sequence[AnyCell],
        *,
        dropout_between: Callable[[Embeddings], Embeddings] | None = None,
        backend: str = "auto",
    ) -> None:
        super().__init__()
        for below, above in pairwise(cells):
            if above.input_size != below.hidden_size:
                raise ShapeError(
                    f"a layer reads {above.input_size} numbers a step, the one below gives "
                    f"{below.hidden_size}."
                )
        self.cells = nn.ModuleList(cells)
        self.dropout_between = dropout_between if dropout_between is not None else nn.Identity()
        self.backends: tuple[Backend, ...] = ()
        self.use_backend(backend)

    @property
    def layers(self) -> list[AnyCell]:
        """The cells, lowest first."""
        return list(self.cells)  # type: ignore[arg-type]  # nn.ModuleList forgets the type

    def use_backend(self, name: str) -> None:
        """Choose anew how every layer is run."""
        self.backends = tuple(choose_backend(cell, name=name) for cell in self.layers)

    def initial_state(self, batch_size: int) -> StackState:
        """Give the state of rows that have read nothing."""
        return tuple(cell.initial_state(batch_size) for cell in self.layers)

    def forward(
        self, inputs: Embeddings, state: StackState, lengths: Lengths | None = None
    ) -> tuple[Hidden, StackState]:
        """Read a window of inputs.

        Args:
            inputs: (batch, time, input).
            state: One state a layer.
            lengths: Steps that count in each row, (batch); all when None.

        Returns:
            The last layer's outputs, (batch, time, hidden), and the state after each row's last
            step that counts.
        """
        final_state = []
        layers = zip(self.layers, self.backends, state, strict=True)
        for depth, (cell, backend, layer_state) in enumerate(layers):
            if depth > 0:
                inputs = self.dropout_between(inputs)
            inputs, layer_final = backend.run_layer(cell, inputs, layer_state, lengths)
            final_state.append(layer_final)
        return inputs, tuple(final_state)

"""The bridge: the initial state of the decoder, computed from the final states of the encoder."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from nextword.cells import AnyCell, CellState
from nextword.recurrent import StackState


class Bridge(nn.Module):
    """Maps the final state of an encoder layer to the initial state of a decoder layer.

    Each part of the initial state is tanh(W s + b), where s are all parts of the final state of
    both directions. The last layers are paired; if the decoder has more layers, its lowest ones
    all start from the lowest layer of the encoder.

    Args:
        state_sizes: Width of the final state of each encoder layer, lowest first.
        cells: The cells of the decoder, lowest first.

    Source: the initial state of [bahdanau2015], here for every layer and both directions.
    """

    def __init__(self, state_sizes: Sequence[int], cells: Sequence[AnyCell]) -> None:
        super().__init__()
        offset = len(state_sizes) - len(cells)
        self._layer_of = [max(0, depth + offset) for depth in range(len(cells))]
        self._state_types = [cell.state_type for cell in cells]
        self._part_sizes = [cell.state_sizes for cell in cells]
        self.layers = nn.ModuleList(
            nn.Linear(state_sizes[below], sum(cell.state_sizes))
            for below, cell in zip(self._layer_of, cells, strict=True)
        )

    def forward(self, final_states: Sequence[CellState]) -> StackState:
        """Return the initial state of each decoder layer, lowest first.

        Args:
            final_states: The parts of the final state of each encoder layer, (batch, width) each.
        """
        return tuple(
            self._start(depth, torch.cat(list(final_states[below]), dim=1))
            for depth, below in enumerate(self._layer_of)
        )

    def _start(self, depth: int, final_state: Tensor) -> CellState:
        initial = torch.tanh(self.layers[depth](final_state))
        parts = torch.split(initial, list(self._part_sizes[depth]), dim=1)
        return self._state_types[depth](*(part.contiguous() for part in parts))

"""The reference backend: a loop over the cell's own `step`. It supports all cells and noise."""

import torch
from torch import Tensor

from nextword.cells import AnyCell, CellState
from nextword.recurrent.noise import EVERY_KIND, NO_LAYER_NOISE, LayerNoise
from nextword.tensors import Embeddings, Hidden, Lengths

NOISE = EVERY_KIND


def supports(cell: AnyCell) -> bool:
    """Return True: every cell has a `step`."""
    return True


def run_layer(
    cell: AnyCell,
    inputs: Embeddings,
    state: CellState,
    lengths: Lengths | None,
    noise: LayerNoise = NO_LAYER_NOISE,
) -> tuple[Hidden, CellState]:
    """Run a cell over time.

    Args:
        cell: The cell.
        inputs: (batch, time, input_size).
        state: The cell's state before the first step.
        lengths: Number of valid steps in each row, (batch); all when None.
        noise: The noise of the layer in this window.

    Returns:
        Outputs, (batch, time, output_size), zero beyond a row's length; and the state after the
        last valid step of each row.
    """
    if inputs.shape[1] == 0:
        return inputs.new_zeros(inputs.shape[0], 0, cell.output_size), state
    outputs = []
    for time, step_inputs in enumerate(inputs.unbind(dim=1)):
        state = noise.limited(state)
        _, next_state = cell.step(step_inputs, state, noise.step)
        next_state = noise.mixed(time, next_state, state)
        step_outputs = cell.outputs(next_state[0])
        if lengths is not None:
            active = (time < lengths)[:, None]
            step_outputs = torch.where(active, step_outputs, torch.zeros_like(step_outputs))
            next_state = _select(active, next_state, state)
        outputs.append(step_outputs)
        state = next_state
    return torch.stack(outputs, dim=1), state


def _select(active: Tensor, new: CellState, old: CellState) -> CellState:
    """Return the new state in active rows and the old one in the others."""
    parts = [
        torch.where(active, new_part, old_part) for new_part, old_part in zip(new, old, strict=True)
    ]
    return type(new)(*parts)

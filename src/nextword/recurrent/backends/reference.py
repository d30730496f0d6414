"""The reference: the cell's own step in a plain loop. It supports everything and defines truth."""

import torch
from torch import Tensor

from nextword.cells import AnyCell, CellState
from nextword.recurrent.noise import EVERY_KIND, NO_LAYER_NOISE, LayerNoise
from nextword.tensors import Embeddings, Hidden, Lengths

NOISE = EVERY_KIND


def supports(cell: AnyCell) -> bool:
    """Every cell can be stepped."""
    return True


def run_layer(
    cell: AnyCell,
    inputs: Embeddings,
    state: CellState,
    lengths: Lengths | None,
    noise: LayerNoise = NO_LAYER_NOISE,
) -> tuple[Hidden, CellState]:
    """Step a cell through time.

    Args:
        cell: The cell.
        inputs: (batch, time, input).
        state: The cell's state before the first step.
        lengths: Steps that count in each row, (batch); all when None.
        noise: What else is done to the layer in this window.

    Returns:
        Outputs, (batch, time, output), zero beyond a row's length; and the state after each row's
        last step that counts.
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
    """Take the new state in active rows and keep the old one in the others."""
    parts = [
        torch.where(active, new_part, old_part) for new_part, old_part in zip(new, old, strict=True)
    ]
    return type(new)(*parts)

"""The reference backend: a loop over the cell's own `step`. It supports all cells and noise."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from nextword.cells import AnyCell, CellState, Gates
from nextword.recurrent.noise import EVERY_KIND, NO_LAYER_NOISE, LayerNoise
from nextword.tensors import Embeddings, Hidden, Lengths

NOISE = EVERY_KIND


class Step(NamedTuple):
    """One step of a layer: its outputs, the state after it and its gates, (batch, width) each."""

    outputs: Tensor
    state: CellState
    gates: Gates


def supports(cell: AnyCell) -> bool:
    """Return True: every cell has a `step`."""
    return True


def run_layer(
    cell: AnyCell,
    inputs: Embeddings,
    *,
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
    outputs = []
    for step in run_steps(cell, inputs, state=state, lengths=lengths, noise=noise):
        outputs.append(step.outputs)
        state = step.state
    return stack_outputs(outputs, cell=cell, inputs=inputs), state


def run_steps(
    cell: AnyCell,
    inputs: Embeddings,
    *,
    state: CellState,
    lengths: Lengths | None,
    noise: LayerNoise = NO_LAYER_NOISE,
    separate_parts: bool = False,
) -> Iterator[Step]:
    """Step a cell through time and return every step.

    A step's outputs and the next step are both computed from the state that is returned, so the
    gradient with respect to it is complete.

    Args:
        cell: The cell.
        inputs: (batch, time, input).
        state: The cell's state before the first step.
        lengths: Steps that count in each row, (batch); all when None.
        noise: What else is done to the layer in this window.
        separate_parts: Whether the parts of a returned state are independent of each other for
            autograd. Otherwise an LSTM's hidden state is a function of its cell state.
    """
    for time, step_inputs in enumerate(inputs.unbind(dim=1)):
        before = noise.limited(state)
        _, state, gates = cell.traced_step(step_inputs, before, noise=noise.step)
        state = noise.mixed(time, new=state, old=before)
        active = None if lengths is None else (time < lengths)[:, None]
        if active is not None:
            state = _select(active, state, before)
        if separate_parts:
            state = type(state)(*(part.view_as(part) for part in state))
        outputs = cell.outputs(state[0])
        if active is not None:
            outputs = torch.where(active, outputs, torch.zeros_like(outputs))
        yield Step(outputs, state, gates)


def stack_outputs(outputs: list[Tensor], *, cell: AnyCell, inputs: Embeddings) -> Hidden:
    """Return the outputs of all steps, (batch, time, output); of a window without steps too."""
    if not outputs:
        return inputs.new_zeros(len(inputs), 0, cell.output_size)
    return torch.stack(outputs, dim=1)


def _select(active: Tensor, new: CellState, old: CellState) -> CellState:
    """Return the new state in active rows and the old one in the others."""
    parts = [
        torch.where(active, new_part, old_part) for new_part, old_part in zip(new, old, strict=True)
    ]
    return type(new)(*parts)

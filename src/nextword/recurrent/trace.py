"""Running a recurrent layer step by step and keeping what every step computed."""

from collections.abc import Callable

from torch import Tensor

from nextword.cells import AnyCell, CellState
from nextword.layers import LayerTrace, StepTrace
from nextword.recurrent.backends.reference import run_steps, stack_outputs
from nextword.recurrent.noise import NO_LAYER_NOISE, LayerNoise
from nextword.tensors import Embeddings, Hidden, Lengths

#: Runs a layer over a window, with the arguments and results of `Backend.run_layer`.
RunLayer = Callable[..., tuple[Hidden, CellState]]


def appending_to(layer_traces: list[LayerTrace]) -> RunLayer:
    """Return a function with the arguments of a backend that appends the trace of each layer."""

    def run_layer(
        cell: AnyCell,
        inputs: Embeddings,
        *,
        state: CellState,
        lengths: Lengths | None,
        noise: LayerNoise = NO_LAYER_NOISE,
    ) -> tuple[Hidden, CellState]:
        layer, after = trace_layer(cell, inputs, state=state, lengths=lengths, noise=noise)
        layer_traces.append(layer)
        return layer.outputs, after

    return run_layer


def trace_layer(
    cell: AnyCell,
    inputs: Embeddings,
    *,
    state: CellState,
    lengths: Lengths | None = None,
    noise: LayerNoise = NO_LAYER_NOISE,
) -> tuple[LayerTrace, CellState]:
    """Step a cell through time with its own equations and keep every step.

    Args:
        cell: The cell.
        inputs: (batch, time, input).
        state: The cell's state before the first step.
        lengths: Number of valid steps in each row, (batch); all when None.
        noise: Regularization of the layer in this window.

    Returns:
        What was computed, and the state after each row's last valid step.

    Example:
        >>> import torch
        >>> from nextword.cells import GruCell
        >>> cell = GruCell(3, 4)
        >>> layer, _ = trace_layer(cell, torch.zeros(2, 5, 3), state=cell.initial_state(2))
        >>> list(layer.gates), layer.gates["reset_gate"].shape
        (['reset_gate', 'update_gate', 'new_gate'], torch.Size([2, 5, 4]))
    """
    initial_state = _named(cell, state)
    outputs, steps = [], []
    for step in run_steps(
        cell, inputs, state=state, lengths=lengths, noise=noise, separate_parts=True
    ):
        state = step.state
        outputs.append(step.outputs)
        steps.append(StepTrace(states=_named(cell, state), gates=step.gates))
    layer = LayerTrace(
        inputs=inputs,
        outputs=stack_outputs(outputs, cell=cell, inputs=inputs),
        initial_state=initial_state,
        steps=tuple(steps),
    )
    return layer, state


def _named(cell: AnyCell, state: CellState) -> dict[str, Tensor]:
    return dict(zip(cell.state_names, state, strict=True))

"""The Jacobian of one step of a recurrent layer: dh[t]/dh[t-1] of its whole state."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from nextword.base import ConfigError
from nextword.cells import CellState
from nextword.inspection.passage import Passage
from nextword.inspection.rows import read_layers, require_neural
from nextword.inspection.steps import RecurrentLayer, recurrent_layers, with_gradients
from nextword.models import LanguageModel

Jacobian = Float[Tensor, "state state"]


@dataclass(frozen=True, kw_only=True, eq=False)
class LayerJacobians:
    """The Jacobians of the steps of one layer along a text.

    Attributes:
        layer: Number of the layer, from 1.
        cell: Name of the cell's class.
        parts: Size of each part of the state by name, in the order of rows and columns.
        steps: dh[t]/dh[t-1] for consecutive steps t, (steps, state, state), float64, on the CPU.
            Row i has the gradient of entry i of the state after the step. The inputs of the layer
            are held fixed.
    """

    layer: int
    cell: str
    parts: dict[str, int]
    steps: Float[Tensor, "steps state state"]


def step_jacobian(layer: RecurrentLayer, inputs: Tensor, *, state: CellState) -> Jacobian:
    """Return the Jacobian of one step, of the state after it with respect to the state before.

    Each entry of the state after the step is a row of one batch, so that a single backward pass
    gives the whole matrix.

    Args:
        layer: The layer.
        inputs: What the layer reads at the step, (1, input_size).
        state: The state before the step, (1, size) each.

    Returns:
        (state, state): the parts of the state one after another, in the order of the cell.
    """
    sizes = [part.shape[1] for part in state]
    width = sum(sizes)
    before = type(state)(*(part.expand(width, -1).detach().requires_grad_() for part in state))
    after = layer.after(inputs.expand(width, -1), before)
    selected = torch.eye(width, dtype=state[0].dtype, device=state[0].device)
    found = torch.autograd.grad(
        list(after),
        list(before),
        list(torch.split(selected, sizes, dim=1)),
        allow_unused=True,
        materialize_grads=True,
    )
    return torch.cat(found, dim=1)


def step_jacobians(
    model: LanguageModel, passage: Passage, *, start: int, num_steps: int
) -> list[LayerJacobians]:
    """Compute the Jacobian of every step of a piece of text, for every recurrent layer.

    The Jacobian of the whole network is block triangular, with these matrices on its diagonal: a
    layer does not depend on the layers above it.

    Args:
        model: A model with recurrent layers; it is measured in evaluation mode.
        passage: The text.
        start: Position of the first step; at least 1, so that there is a state before it.
        num_steps: Number of steps, at most those of the passage from `start` on.

    Returns:
        The Jacobians of each layer, lowest first.

    Raises:
        ConfigError: The model has no recurrent layers.
    """
    neural = require_neural(model, what="Jacobians")
    with with_gradients(neural):
        layers = recurrent_layers(neural)
    if not layers:
        raise ConfigError(
            f"a model of the family {neural.family!r} has no Jacobians: it has no state that one "
            "step passes on to the next.",
            help="Inspect a recurrent model, or use nextword inspect gradients.",
        )
    found: list[list[Tensor]] = [[] for _ in layers]
    for inputs, states in _steps(neural, passage, layers, end=start + num_steps, start=start):
        for number, layer in enumerate(layers):
            with with_gradients(neural):
                jacobian = step_jacobian(layer, inputs[number], state=states[number])
            found[number].append(jacobian.cpu().double())
    return [
        LayerJacobians(
            layer=number,
            cell=type(layer.cell).__name__,
            parts=dict(zip(layer.cell.state_names, layer.cell.state_sizes, strict=True)),
            steps=torch.stack(steps),
        )
        for number, (layer, steps) in enumerate(zip(layers, found, strict=True), start=1)
    ]


def _steps(
    model: "LanguageModel",
    passage: Passage,
    layers: list[RecurrentLayer],
    *,
    start: int,
    end: int,
) -> Iterator[tuple[list[Tensor], list[CellState]]]:
    """Yield the inputs of each layer at every step, and the states before it."""
    position = 0
    for traces in read_layers(require_neural(model, what="Jacobians"), passage, num_tokens=end):
        num_read = len(traces[0].steps)
        for step in range(max(0, start - position), num_read):
            yield (
                [trace.inputs[:, step] for trace in traces],
                [
                    layer.state_before(trace, step)
                    for layer, trace in zip(layers, traces, strict=True)
                ],
            )
        position += num_read

"""One step of a recurrent layer, computed again from its trace with the noise of evaluation."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from nextword.cells import AnyCell, CellState
from nextword.layers import LayerTrace
from nextword.models import NeuralLanguageModel, inference
from nextword.recurrent import LayerNoise, recurrent_stacks


@dataclass(frozen=True, kw_only=True, eq=False)
class RecurrentLayer:
    """A layer of a model, with what changes its steps in evaluation.

    Attributes:
        cell: The cell.
        noise: Zoneout as its expectation; one entry for all steps.
    """

    cell: AnyCell
    noise: LayerNoise

    def after(self, inputs: Tensor, state: CellState) -> CellState:
        """Return the state after one step.

        Args:
            inputs: What the layer reads, (rows, input_size).
            state: The state before the step, (rows, size) each.
        """
        _, after, _ = self.cell.traced_step(inputs, state, noise=self.noise.step)
        mixed: CellState = self.noise.mixed(0, new=after, old=state)
        return mixed

    def state_before(self, trace: LayerTrace, step: int) -> CellState:
        """Return the state before a step of a trace, detached.

        Args:
            trace: The trace of this layer.
            step: Index of the step.
        """
        parts = trace.initial_state if step == 0 else trace.steps[step - 1].states
        detached = [parts[name].detach() for name in self.cell.state_names]
        state: CellState = self.cell.state_type(*detached)
        return state


def recurrent_layers(model: NeuralLanguageModel) -> list[RecurrentLayer]:
    """Return the recurrent layers of a model, lowest first; empty for other models.

    Args:
        model: A model in evaluation mode.
    """
    return [
        RecurrentLayer(cell=cell, noise=stack.regularizer.draw(cell, batch_size=1, num_steps=1))
        for stack in recurrent_stacks(model)
        for cell in stack.layers
    ]


@contextmanager
def with_gradients(model: NeuralLanguageModel) -> Iterator[None]:
    """Set a model to evaluation mode inside the block, with gradients, and restore it after it.

    Args:
        model: The model.
    """
    with inference(model), torch.enable_grad():
        yield

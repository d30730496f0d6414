"""What a layer computed, step by step: its inputs, outputs, states and gates."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True, kw_only=True, eq=False)
class StepTrace:
    """One step of a recurrent layer, as nodes of the autograd graph.

    The outputs of the step and all later steps are computed from these tensors, so
    `torch.autograd.grad` of a later value with respect to one of them is its gradient. The parts of
    the state are independent variables: the gradient with respect to the cell state of an LSTM does
    not include the way through the hidden state of the same step, and the gradients of one step's
    parts with respect to those of the step before are the blocks of the Jacobian of a step.

    Attributes:
        states: The parts of the state after the step by name, such as `hidden_state` and
            `cell_state`, (batch, size) each. A row that has ended keeps its last state.
        gates: The gates of the step by name, after their activation, (batch, size) each; empty for
            a cell without gates. In a row that has ended they have no effect.
    """

    states: Mapping[str, Tensor]
    gates: Mapping[str, Tensor]


@dataclass(frozen=True, kw_only=True, eq=False)
class LayerTrace:
    """One layer over a window of tokens.

    Attributes:
        inputs: What the layer reads, (batch, time, size), after dropout. A layer over windows reads
            the vectors of each window concatenated.
        outputs: What the layer computes from them, (batch, time, size); without the inputs that a
            residual connection adds. A convolution has more positions than there are tokens: the
            layer above also reads those before the first token.
        initial_state: The parts of the state before the first step by name, (batch, size) each;
            empty where the layer is not recurrent.
        steps: The steps of a recurrent layer, first to last; empty for other layers.
    """

    inputs: Float[Tensor, "batch positions input"]
    outputs: Float[Tensor, "batch positions output"]
    initial_state: Mapping[str, Tensor] = field(default_factory=dict)
    steps: tuple[StepTrace, ...] = ()

    @property
    def states(self) -> dict[str, Tensor]:
        """The parts of the state after every step by name, (batch, time, size) each.

        They are stacked copies of `steps`: no later step is computed from them. Differentiate with
        respect to `steps[t].states`.
        """
        if not self.steps:
            return {name: part[:, None][:, :0] for name, part in self.initial_state.items()}
        return _stacked(step.states for step in self.steps)

    @property
    def gates(self) -> dict[str, Tensor]:
        """The gates of every step by name, (batch, time, size) each; stacked copies of `steps`."""
        return _stacked(step.gates for step in self.steps)


def _stacked(steps: Iterator[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    steps_by_name: dict[str, list[Tensor]] = {}
    for step in steps:
        for name, tensor in step.items():
            steps_by_name.setdefault(name, []).append(tensor)
    return {name: torch.stack(tensors, dim=1) for name, tensors in steps_by_name.items()}

"""The linear recurrent network: h[t] = W_e e[t] + W_h h[t-1] + b."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from nextword.cells.contract import Cell, StepInputs, StepOutputs, uniform_parameter
from nextword.cells.elman import ElmanManualBackward
from nextword.cells.manual_pass import ManualBackward
from nextword.cells.noise import NO_NOISE, StepNoise


class LinearState(NamedTuple):
    """h[t-1], (batch, hidden)."""

    hidden_state: Tensor


class LinearCell(Cell[LinearState]):
    """A recurrent layer without a nonlinearity; hidden * (hidden + input + 1) parameters.

    The eigenvalues of W_h alone decide whether the state and the gradients shrink or grow over
    time, so vanishing and exploding gradients are easiest to study on this cell.

    Args:
        input_size: Width of the input.
        hidden_size: Width of the hidden state.

    Raises:
        ConfigError: A size is below 1.

    Source: [lecture-001], [lecture-002] and [lecture-004].

    Example:
        >>> cell = LinearCell(1, 1)
        >>> _ = cell.requires_grad_(False)
        >>> for weight, value in ((cell.weight_ih, 1.0), (cell.weight_hh, 0.5)):
        ...     _ = weight.fill_(value)
        >>> outputs, _ = cell.step(torch.ones(1, 1), LinearState(torch.full((1, 1), 4.0)))
        >>> outputs.item()
        3.0
    """

    state_type = LinearState

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        scale = hidden_size**-0.5
        self.weight_ih = uniform_parameter(hidden_size, input_size, scale=scale)
        self.weight_hh = uniform_parameter(hidden_size, hidden_size, scale=scale)
        self.bias = nn.Parameter(torch.zeros(hidden_size))

    def step(
        self, inputs: StepInputs, state: LinearState, *, noise: StepNoise = NO_NOISE
    ) -> tuple[StepOutputs, LinearState]:
        """Compute one step; the outputs are the new hidden state."""
        weight_hh = noise.matrix(self.weight_hh)
        h = inputs @ self.weight_ih.T + noise.seen(state.hidden_state) @ weight_hh.T + self.bias
        return h, LinearState(hidden_state=h)

    def manual_backward(self) -> ManualBackward:
        """Return the manual forward and backward pass."""
        return ElmanManualBackward("none")

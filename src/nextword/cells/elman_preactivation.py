"""The Elman network written before its nonlinearity: h[t] = W_e e[t] + W_h φ(h[t-1]) + b."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from nextword.cells.contract import Cell, StepInputs, StepOutputs, uniform_parameter
from nextword.cells.elman import NONLINEARITIES, Nonlinearity, known_nonlinearity
from nextword.cells.noise import NO_NOISE, StepNoise
from nextword.cells.pointwise.elman_preactivation import PreactivationPointwise


class PreactivationState(NamedTuple):
    """h[t-1] before its nonlinearity, (batch, hidden)."""

    hidden_state: Tensor


class ElmanPreactivationCell(Cell[PreactivationState]):
    """An Elman layer whose state is the sum, and whose output is φ of it: y[t] = φ(h[t]).

    From equal y[0] it gives what `ElmanCell` gives; what differs is the state, and with it the
    Jacobian of a step, W_h diag(φ'(h[t-1])).

    Args:
        input_size: Width of the input.
        hidden_size: Width of the hidden state.
        nonlinearity: φ: tanh, sigmoid or relu.

    Raises:
        ConfigError: A size is below 1 or the nonlinearity is unknown.

    Source: lecture 002; Pascanu et al. (2013).

    Example:
        >>> cell = ElmanPreactivationCell(3, 2)
        >>> outputs, state = cell.step(torch.zeros(4, 3), cell.initial_state(4))
        >>> torch.equal(outputs, torch.tanh(state.hidden_state))
        True
    """

    state_type = PreactivationState

    def __init__(
        self, input_size: int, hidden_size: int, *, nonlinearity: Nonlinearity = "tanh"
    ) -> None:
        super().__init__(input_size, hidden_size)
        self.nonlinearity = known_nonlinearity(nonlinearity)
        scale = hidden_size**-0.5
        self.weight_ih = uniform_parameter(hidden_size, input_size, scale=scale)
        self.weight_hh = uniform_parameter(hidden_size, hidden_size, scale=scale)
        self.bias = nn.Parameter(torch.zeros(hidden_size))

    def extra_repr(self) -> str:
        """Say the sizes and the nonlinearity where the module is printed."""
        return f"{super().extra_repr()}, nonlinearity={self.nonlinearity}"

    def step(
        self, inputs: StepInputs, state: PreactivationState, noise: StepNoise = NO_NOISE
    ) -> tuple[StepOutputs, PreactivationState]:
        """Read one input per row; the outputs are φ of the new state."""
        seen = noise.seen(self.outputs(state.hidden_state))
        h = inputs @ self.weight_ih.T + seen @ noise.matrix(self.weight_hh).T + self.bias
        return self.outputs(h), PreactivationState(hidden_state=h)

    def outputs(self, hidden_states: Tensor) -> Tensor:
        """Give φ(h)."""
        return NONLINEARITIES[self.nonlinearity](hidden_states)

    def pointwise(self) -> PreactivationPointwise:
        """Give the hand-written way there and back."""
        return PreactivationPointwise(self.nonlinearity)

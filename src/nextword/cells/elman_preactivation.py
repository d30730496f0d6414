"""The Elman network with a pre-activation state: h[t] = W_e e[t] + W_h φ(h[t-1]) + b."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from nextword.cells.contract import Cell, StepInputs, StepOutputs, uniform_parameter
from nextword.cells.elman import (
    NONLINEARITIES,
    ElmanManualBackward,
    ElmanPass,
    Nonlinearity,
    known_nonlinearity,
)
from nextword.cells.manual_pass import ManualBackward
from nextword.cells.noise import NO_NOISE, StepNoise


class PreactivationState(NamedTuple):
    """h[t-1], before the nonlinearity, (batch, hidden)."""

    hidden_state: Tensor


class ElmanPreactivationCell(Cell[PreactivationState]):
    """An Elman layer whose state is the pre-activation; its output is y[t] = φ(h[t]).

    With the same weights and the same y[0] its outputs equal those of `ElmanCell`. The state
    differs, and so does the Jacobian of a step, W_h diag(φ'(h[t-1])).

    Args:
        input_size: Width of the input.
        hidden_size: Width of the hidden state.
        nonlinearity: φ: tanh, sigmoid or relu.

    Raises:
        ConfigError: A size is below 1 or the nonlinearity is unknown.

    Source: [lecture-002]; [pascanu2013].

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
        """Return the sizes and the nonlinearity, shown when the module is printed."""
        return f"{super().extra_repr()}, nonlinearity={self.nonlinearity}"

    def step(
        self, inputs: StepInputs, state: PreactivationState, *, noise: StepNoise = NO_NOISE
    ) -> tuple[StepOutputs, PreactivationState]:
        """Compute one step; the outputs are φ of the new state."""
        seen = noise.seen(self.outputs(state.hidden_state))
        h = inputs @ self.weight_ih.T + seen @ noise.matrix(self.weight_hh).T + self.bias
        return self.outputs(h), PreactivationState(hidden_state=h)

    def outputs(self, hidden_states: Tensor) -> Tensor:
        """Return φ(h), of the same shape."""
        return NONLINEARITIES[self.nonlinearity](hidden_states)

    def manual_backward(self) -> ManualBackward:
        """Return the manual forward and backward pass."""
        return ElmanManualBackward(self.nonlinearity, pass_class=PreactivationPass)


class PreactivationPass(ElmanPass):
    """A manual pass; stores φ of the state before each step, which the product multiplies."""

    def step(self, time: int, before: Sequence[Tensor], *, after: Sequence[Tensor]) -> None:
        """Compute h = W_e e + W_h φ(h⁻) + b."""
        activated = self.activation.apply_(self.activated[time].copy_(before[0]))
        self.product.add(self.input_gates[time], activated, out=after[0])

    def step_backward(self, time: int, gradients: Sequence[Tensor]) -> list[Tensor]:
        """Return the gradient of h⁻."""
        grad_gates = self.grad_gates[time].copy_(gradients[0])
        return [self.product.backward(grad_gates).mul_(self.factors[time])]

    def product_inputs(self, states: Sequence[Tensor]) -> Tensor:
        """Return φ of the states before each step, (time, batch, hidden)."""
        return self.activated

"""The gated recurrent unit: a reset gate and an update gate, and no cell state beside h."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from nextword.cells.contract import Cell, StepInputs, StepOutputs, uniform_parameter
from nextword.cells.noise import NO_NOISE, StepNoise
from nextword.cells.pointwise.gru import GruPointwise

#: Order of the gates along the first axis of every weight, as in torch.
GRU_GATES = ("reset_gate", "update_gate", "new_gate")


class GruState(NamedTuple):
    """h[t-1], (batch, hidden)."""

    hidden_state: Tensor


def gru_step(
    inputs: Tensor,
    state: GruState,
    *,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias: Tensor,
    recurrent_bias: Tensor,
    noise: StepNoise = NO_NOISE,
) -> GruState:
    """Give h[t].

    Equations: r, z = sigmoid(U e + W h⁻ + b) each, n = tanh(U_n e + b_n + r∘(W_n h⁻ + d)) and
    h = (1 - z)∘n + z∘h⁻, with the three U stacked in `weight_ih` (3 * hidden, input), the three W
    in `weight_hh` (3 * hidden, hidden), the three b in `bias` (3 * hidden), in the order of
    `GRU_GATES`, and d `recurrent_bias` (hidden).
    """
    h = state.hidden_state
    input_r, input_z, input_n = (inputs @ weight_ih.T + bias).chunk(3, dim=1)
    product_r, product_z, product_n = (noise.seen(h) @ weight_hh.T).chunk(3, dim=1)
    r = torch.sigmoid(input_r + product_r)
    z = torch.sigmoid(input_z + product_z)
    n = torch.tanh(input_n + r * (product_n + recurrent_bias))
    return GruState(hidden_state=(1 - z) * n + z * h)


class GruCell(Cell[GruState]):
    """A GRU layer at one step: 3 * hidden * (hidden + input + 1) + hidden parameters.

    The reset gate acts on the product W_n h⁻, as in torch and cuDNN, so that the three products
    of a step are one; the published version of the paper resets h⁻ before the product, which then
    has to wait for the gate. One bias a gate; the second one that the candidate has, inside the
    reset, cannot be folded into the first and makes the cell equal to torch.nn.GRU.

    Args:
        input_size: Width of the input.
        hidden_size: Width of the hidden state.

    Raises:
        ConfigError: A size is below 1.

    Source: Cho et al. (2014), in the first version, arXiv 1406.1078v1; lecture 000.

    Example:
        >>> cell = GruCell(3, 2)
        >>> outputs, state = cell.step(torch.zeros(4, 3), cell.initial_state(4))
        >>> outputs.shape
        torch.Size([4, 2])
    """

    state_type = GruState

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        scale = hidden_size**-0.5
        self.weight_ih = uniform_parameter(3 * hidden_size, input_size, scale=scale)
        self.weight_hh = uniform_parameter(3 * hidden_size, hidden_size, scale=scale)
        self.bias = nn.Parameter(torch.zeros(3 * hidden_size))
        self.recurrent_bias = nn.Parameter(torch.zeros(hidden_size))

    def step(
        self, inputs: StepInputs, state: GruState, noise: StepNoise = NO_NOISE
    ) -> tuple[StepOutputs, GruState]:
        """Read one input per row; the outputs are the new hidden state."""
        state = gru_step(
            inputs,
            state,
            weight_ih=self.weight_ih,
            weight_hh=noise.matrix(self.weight_hh),
            bias=self.bias,
            recurrent_bias=self.recurrent_bias,
            noise=noise,
        )
        return state.hidden_state, state

    def pointwise(self) -> GruPointwise:
        """Give the hand-written way there and back."""
        return GruPointwise()

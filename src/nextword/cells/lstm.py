"""Long short-term memory: gates decide what the cell keeps, takes in and shows."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from nextword.cells.contract import Cell, StepInputs, StepOutputs, uniform_parameter
from nextword.cells.noise import NO_NOISE, StepNoise
from nextword.cells.pointwise.lstm import LstmPointwise

#: Order of the gates along the first axis of every weight, as in torch.
LSTM_GATES = ("input_gate", "forget_gate", "cell_candidate", "output_gate")


class LstmState(NamedTuple):
    """h[t-1] and c[t-1], each (batch, hidden)."""

    hidden_state: Tensor
    cell_state: Tensor


class LstmGates(NamedTuple):
    """The gates of one step, each (batch, hidden): i, f, c̃ and o."""

    input_gate: Tensor
    forget_gate: Tensor
    cell_candidate: Tensor
    output_gate: Tensor


def lstm_gates(
    inputs: Tensor, hidden_state: Tensor, *, weight_ih: Tensor, weight_hh: Tensor, bias: Tensor
) -> LstmGates:
    """Give the gates: i, f, o in (0, 1) and c̃ in (-1, 1).

    Equations: i, f, o = sigmoid(U e + W h⁻ + b) each, c̃ = tanh(U_c e + W_c h⁻ + b_c), with the
    four U stacked in `weight_ih` (4 * hidden, input), the four W in `weight_hh`
    (4 * hidden, hidden) and the four b in `bias` (4 * hidden), in the order of `LSTM_GATES`.
    """
    i, f, g, o = (inputs @ weight_ih.T + hidden_state @ weight_hh.T + bias).chunk(4, dim=1)
    return LstmGates(
        input_gate=torch.sigmoid(i),
        forget_gate=torch.sigmoid(f),
        cell_candidate=torch.tanh(g),
        output_gate=torch.sigmoid(o),
    )


def lstm_step(
    inputs: Tensor,
    state: LstmState,
    *,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias: Tensor,
    noise: StepNoise = NO_NOISE,
) -> LstmState:
    """Give h[t] and c[t]: c = f∘c⁻ + i∘c̃ and h = o∘tanh(c)."""
    seen = noise.seen(state.hidden_state)
    gates = lstm_gates(inputs, seen, weight_ih=weight_ih, weight_hh=weight_hh, bias=bias)
    c = gates.forget_gate * state.cell_state + gates.input_gate * gates.cell_candidate
    h = gates.output_gate * torch.tanh(c)
    return LstmState(hidden_state=h, cell_state=c)


def forget_biased(hidden_size: int, forget_bias: float) -> Tensor:
    """Give a bias, (4 * hidden), that is zero but for the forget gate."""
    bias = torch.zeros(4, hidden_size)
    bias[LSTM_GATES.index("forget_gate")] = forget_bias
    return bias.flatten()


class LstmCell(Cell[LstmState]):
    """An LSTM layer at one step: 4 * hidden * (hidden + input + 1) parameters.

    Args:
        input_size: Width of the input.
        hidden_size: Width of the hidden and the cell state.
        forget_bias: Where the forget gate's bias starts; 1 keeps the cell open to the past from
            the first step on (Jozefowicz et al. 2015).

    Raises:
        ConfigError: A size is below 1.

    Source: Hochreiter & Schmidhuber (1997); forget gate from Gers et al. (2000); lectures 000,
    001, 004. One bias a gate, as in the lectures; torch.nn.LSTM has two that are only ever added.

    Example:
        >>> cell = LstmCell(3, 2)
        >>> outputs, state = cell.step(torch.zeros(4, 3), cell.initial_state(4))
        >>> state.cell_state.shape
        torch.Size([4, 2])
    """

    state_type = LstmState

    def __init__(self, input_size: int, hidden_size: int, *, forget_bias: float = 1.0) -> None:
        super().__init__(input_size, hidden_size)
        scale = hidden_size**-0.5
        self.weight_ih = uniform_parameter(4 * hidden_size, input_size, scale=scale)
        self.weight_hh = uniform_parameter(4 * hidden_size, hidden_size, scale=scale)
        self.bias = nn.Parameter(forget_biased(hidden_size, forget_bias))

    def step(
        self, inputs: StepInputs, state: LstmState, noise: StepNoise = NO_NOISE
    ) -> tuple[StepOutputs, LstmState]:
        """Read one input per row; the outputs are the new hidden state."""
        state = lstm_step(
            inputs,
            state,
            weight_ih=self.weight_ih,
            weight_hh=noise.matrix(self.weight_hh),
            bias=self.bias,
            noise=noise,
        )
        return state.hidden_state, state

    def pointwise(self) -> LstmPointwise:
        """Give the hand-written way there and back."""
        return LstmPointwise()

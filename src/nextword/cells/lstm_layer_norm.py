"""The LSTM with layer normalisation: sums are brought to mean 0 and variance 1 before the gates."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from nextword.cells.contract import Cell, StepInputs, StepOutputs, uniform_parameter
from nextword.cells.lstm import forget_biased
from nextword.cells.noise import NO_NOISE, StepNoise
from nextword.cells.pointwise.lstm_layer_norm import NORM_EPSILON, LayerNormLstmPointwise


class LayerNormLstmState(NamedTuple):
    """h[t-1] and c[t-1], each (batch, hidden)."""

    hidden_state: Tensor
    cell_state: Tensor


class LayerNormLstmCell(Cell[LayerNormLstmState]):
    """An LSTM layer at one step with layer normalisation: 10 * hidden parameters more.

    Equations: i, f, c̃, o come from s∘N(U e) + r∘N(W h⁻) + b, with N the normalisation over all
    four gates together, s `gain_ih`, r `gain_hh`; c = f∘c⁻ + i∘c̃ as in the LSTM, and
    h = o∘tanh(γ∘N(c) + d), with γ `gain_cell` and d `bias_cell`.

    Args:
        input_size: Width of the input.
        hidden_size: Width of the hidden and the cell state.
        forget_bias: Where the forget gate's bias starts.

    Raises:
        ConfigError: A size is below 1.

    Source: Ba et al. (2016), supplement; the two biases inside its normalisations are left out,
    for they are only added to b.

    Example:
        >>> cell = LayerNormLstmCell(3, 2)
        >>> outputs, state = cell.step(torch.ones(4, 3), cell.initial_state(4))
        >>> outputs.shape
        torch.Size([4, 2])
    """

    state_type = LayerNormLstmState

    def __init__(self, input_size: int, hidden_size: int, *, forget_bias: float = 1.0) -> None:
        super().__init__(input_size, hidden_size)
        scale = hidden_size**-0.5
        self.weight_ih = uniform_parameter(4 * hidden_size, input_size, scale=scale)
        self.weight_hh = uniform_parameter(4 * hidden_size, hidden_size, scale=scale)
        self.bias = nn.Parameter(forget_biased(hidden_size, forget_bias))
        self.gain_ih = nn.Parameter(torch.ones(4 * hidden_size))
        self.gain_hh = nn.Parameter(torch.ones(4 * hidden_size))
        self.gain_cell = nn.Parameter(torch.ones(hidden_size))
        self.bias_cell = nn.Parameter(torch.zeros(hidden_size))

    def input_gates(self, inputs: Tensor) -> Tensor:
        """Give what inputs alone add to the gates, s∘N(U e) + b."""
        return _normalised(functional.linear(inputs, self.weight_ih), self.gain_ih, self.bias)

    def step(
        self, inputs: StepInputs, state: LayerNormLstmState, noise: StepNoise = NO_NOISE
    ) -> tuple[StepOutputs, LayerNormLstmState]:
        """Read one input per row; the outputs are the new hidden state."""
        product = noise.seen(state.hidden_state) @ noise.matrix(self.weight_hh).T
        normed = _normalised(product, self.gain_hh)
        i, f, g, o = (self.input_gates(inputs) + normed).chunk(4, dim=1)
        c = torch.sigmoid(f) * state.cell_state + torch.sigmoid(i) * torch.tanh(g)
        shown = _normalised(c, self.gain_cell, self.bias_cell)
        h = torch.sigmoid(o) * torch.tanh(shown)
        return h, LayerNormLstmState(hidden_state=h, cell_state=c)

    def pointwise(self) -> LayerNormLstmPointwise:
        """Give the hand-written way there and back."""
        return LayerNormLstmPointwise()


def _normalised(values: Tensor, gain: Tensor, bias: Tensor | None = None) -> Tensor:
    """Bring rows to mean 0 and variance 1, in the gain's number format whatever theirs is."""
    values = values.to(gain.dtype)
    return functional.layer_norm(values, gain.shape, gain, bias, eps=NORM_EPSILON)

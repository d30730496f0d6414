"""The LSTM with layer normalization of the gates' pre-activations and of the cell state."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from nextword.cells.activations import tanh_
from nextword.cells.contract import Cell, Gates, StepInputs, StepOutputs, uniform_parameter
from nextword.cells.lstm import LstmGates, LstmPass, forget_biased
from nextword.cells.manual_pass import ManualBackward, PassGradients, Product
from nextword.cells.noise import NO_NOISE, StepNoise

#: Added to the variance that is divided by.
NORM_EPSILON = 1e-5


class LayerNormLstmState(NamedTuple):
    """h[t-1] and c[t-1], each (batch, hidden)."""

    hidden_state: Tensor
    cell_state: Tensor


class LayerNormLstmCell(Cell[LayerNormLstmState]):
    """An LSTM layer with layer normalization; 10 * hidden parameters more than the LSTM.

    Equations: the pre-activations of i, f, c̃ and o are s∘N(U e) + r∘N(W h⁻) + b, where N brings
    each row to mean 0 and variance 1 over all four gates together, s is `gain_ih` and r `gain_hh`;
    c = f∘c⁻ + i∘c̃ as in the LSTM, and h = o∘tanh(γ∘N(c) + d), with γ `gain_cell` and d
    `bias_cell`.

    Args:
        input_size: Width of the input.
        hidden_size: Width of the hidden and the cell state.
        forget_bias: Initial value of the forget gate's bias.

    Raises:
        ConfigError: A size is below 1.

    Source: [ba2016], supplement, without the biases of its first two normalizations, which would
    only be added to b.

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
        """Return the inputs' contribution to the gates, s∘N(U e) + b, (..., 4 * hidden)."""
        return _normalized(functional.linear(inputs, self.weight_ih), self.gain_ih, self.bias)

    def step(
        self, inputs: StepInputs, state: LayerNormLstmState, *, noise: StepNoise = NO_NOISE
    ) -> tuple[StepOutputs, LayerNormLstmState]:
        """Compute one step; the outputs are the new hidden state."""
        outputs, after, _ = self.step_with_gates(inputs, state, noise=noise)
        return outputs, after

    def step_with_gates(
        self, inputs: StepInputs, state: LayerNormLstmState, *, noise: StepNoise = NO_NOISE
    ) -> tuple[StepOutputs, LayerNormLstmState, Gates]:
        """Compute one step and return the gates of `LSTM_GATES` too."""
        gates = self._gates(inputs, state, noise)
        c = gates.forget_gate * state.cell_state + gates.input_gate * gates.cell_candidate
        normalized_c = _normalized(c, self.gain_cell, self.bias_cell)
        h = gates.output_gate * torch.tanh(normalized_c)
        return h, LayerNormLstmState(hidden_state=h, cell_state=c), gates._asdict()

    def _gates(self, inputs: Tensor, state: LayerNormLstmState, noise: StepNoise) -> LstmGates:
        product = noise.seen(state.hidden_state) @ noise.matrix(self.weight_hh).T
        normalized_product = _normalized(product, self.gain_hh)
        i, f, g, o = (self.input_gates(inputs) + normalized_product).chunk(4, dim=1)
        return LstmGates(
            input_gate=torch.sigmoid(i),
            forget_gate=torch.sigmoid(f),
            cell_candidate=torch.tanh(g),
            output_gate=torch.sigmoid(o),
        )

    def manual_backward(self) -> ManualBackward:
        """Return the manual forward and backward pass."""
        return LayerNormLstmManualBackward()


@dataclass(frozen=True, kw_only=True)
class NormalizedSteps:
    """Layer normalization of one vector per row and step, with what its backward pass needs.

    Attributes:
        values: The vectors before normalization, (time, batch, width).
        means: Their means, (time, batch, 1).
        scales: One over their standard deviations, (time, batch, 1).
        gain: Multiplied with the normalized values, (width).
        bias: Added to the product, (width); nothing is added when None.
    """

    values: Tensor
    means: Tensor
    scales: Tensor
    gain: Tensor
    bias: Tensor | None

    @classmethod
    def like(cls, values: Tensor, *, gain: Tensor, bias: Tensor | None) -> "NormalizedSteps":
        """Allocate buffers for all steps of values with this shape, (time, batch, width)."""
        column = (*values.shape[:2], 1)
        return cls(
            values=torch.empty_like(values),
            means=values.new_empty(column),
            scales=values.new_empty(column),
            gain=gain,
            bias=bias,
        )

    def forward(self, time: int) -> Tensor:
        """Return the normalized values of one step, (batch, width)."""
        result, mean, scale = torch.native_layer_norm(
            self.values[time], self.gain.shape, self.gain, self.bias, NORM_EPSILON
        )
        self.means[time], self.scales[time] = mean, scale
        return result

    def backward(self, time: int, gradient: Tensor) -> Tensor:
        """Return the gradient of one step's values from that of its results, (batch, width)."""
        grad_values, _, _ = torch.ops.aten.native_layer_norm_backward(
            gradient,
            self.values[time],
            self.gain.shape,
            self.means[time],
            self.scales[time],
            self.gain,
            self.bias,
            [True, False, False],
        )
        result: Tensor = grad_values
        return result

    def grad_gain(self, gradients: Tensor) -> Tensor:
        """Return the gradient of the gain, (width), from those of the results of all steps."""
        return (gradients * (self.values - self.means) * self.scales).sum(dim=(0, 1))


class LayerNormLstmPass(LstmPass):
    """A manual pass of the layer-normalized LSTM: that of the LSTM with two normalizations.

    The normalization of the recurrent product couples all gates of a row, so its gradient is
    computed step by step; so is that of the normalized cell state.
    """

    def __init__(
        self,
        input_gates: Tensor,
        product: Product,
        *,
        gain_hh: Tensor,
        gain_cell: Tensor,
        bias_cell: Tensor,
    ) -> None:
        super().__init__(input_gates, product)
        self.products = NormalizedSteps.like(input_gates, gain=gain_hh, bias=None)
        self.cells = NormalizedSteps.like(self.tanh_cells, gain=gain_cell, bias=bias_cell)
        self.zeros = torch.zeros_like(gain_hh)

    def step(self, time: int, before: Sequence[Tensor], *, after: Sequence[Tensor]) -> None:
        """Compute an LSTM step with r∘N(W h⁻) in place of W h⁻."""
        self.product.add(self.zeros, before[0], out=self.products.values[time])
        gates = torch.add(self.input_gates[time], self.products.forward(time), out=self.gates[time])
        self.activate(time, gates, cell_before=before[1], after=after)

    def tanh_cell(self, time: int, cell: Tensor) -> Tensor:
        """Return tanh(γ∘N(c) + d), and store it."""
        self.cells.values[time] = cell
        return tanh_(self.tanh_cells[time].copy_(self.cells.forward(time)))

    def precompute_backward(self, states: Sequence[Tensor]) -> None:
        """Compute the factors of the backward pass, for all steps at once."""
        super().precompute_backward(states)
        # Normalization magnifies rounding errors: gradients are rounded only for the product.
        self.grad_gates = torch.empty_like(self.factors)
        self.grad_products = torch.empty_like(self.gates, dtype=self.product.dtype)
        self.grad_normalized_cells = torch.empty_like(self.tanh_cells)

    def backward_tanh_cell(self, time: int, grad_hidden: Tensor) -> Tensor:
        """Return what the gradient of h contributes to that of c, (batch, hidden)."""
        torch.mul(grad_hidden, self.cell_factor[time], out=self.grad_normalized_cells[time])
        return self.cells.backward(time, self.grad_normalized_cells[time])

    def backward_product(self, time: int, grad_gates: Tensor) -> Tensor:
        """Return the gradient of h⁻ from that of the pre-activations, (batch, 4 * hidden)."""
        grad_product = self.products.backward(time, grad_gates)
        return self.product.backward(self.grad_products[time].copy_(grad_product))

    def gradients(self) -> PassGradients:
        """Return separate gradients of the inputs and the product, and those of r, γ and d."""
        grad_gates = self.grad_gates.flatten(2)
        return PassGradients(
            input_gates=grad_gates,
            products=self.grad_products,
            other_weights=(
                self.products.grad_gain(grad_gates),
                self.cells.grad_gain(self.grad_normalized_cells),
                self.grad_normalized_cells.sum(dim=(0, 1)),
            ),
        )


class LayerNormLstmManualBackward(ManualBackward):
    """Starts manual passes of `LayerNormLstmCell`."""

    other_weights = ("gain_hh", "gain_cell", "bias_cell")

    def begin(
        self, input_gates: Tensor, product: Product, *, other_weights: Sequence[Tensor]
    ) -> LayerNormLstmPass:
        """Start a pass through a window."""
        gain_hh, gain_cell, bias_cell = other_weights
        return LayerNormLstmPass(
            input_gates, product, gain_hh=gain_hh, gain_cell=gain_cell, bias_cell=bias_cell
        )


def _normalized(values: Tensor, gain: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return gain∘N(values) + bias, computed in the gain's dtype."""
    values = values.to(gain.dtype)
    return functional.layer_norm(values, gain.shape, gain, bias, eps=NORM_EPSILON)

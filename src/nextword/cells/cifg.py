"""The LSTM with coupled gates (CIFG): what the forget gate removes, the input gate adds."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from nextword.cells.contract import Cell, Gates, StepInputs, StepOutputs, uniform_parameter
from nextword.cells.lstm import LstmState
from nextword.cells.manual_pass import LayerPass, ManualBackward, PassGradients, Product
from nextword.cells.noise import NO_NOISE, StepNoise

#: Order of the gates along the first axis of every weight.
CIFG_GATES = ("forget_gate", "cell_candidate", "output_gate")


class CifgGates(NamedTuple):
    """The gates of one step, each (batch, hidden): f, c̃ and o; the input gate is 1 - f."""

    forget_gate: Tensor
    cell_candidate: Tensor
    output_gate: Tensor


class CifgCell(Cell[LstmState]):
    """An LSTM layer with coupled gates, one step at a time.

    Equations: f, o = sigmoid(U e + W h⁻ + b) each, c̃ = tanh(U_c e + W_c h⁻ + b_c),
    c = f∘c⁻ + (1 - f)∘c̃, h = o∘tanh(c); the three U stacked in `weight_ih` (3 * hidden, input), the
    three W in `weight_hh` (3 * hidden, hidden), in the order of `CIFG_GATES`. It has
    3 * hidden * (hidden + input + 1) parameters, three quarters of those of the LSTM. The cell
    state is an average of candidates, so it stays in (-1, 1).

    Args:
        input_size: Width of the input.
        hidden_size: Width of the hidden and the cell state.
        forget_bias: Initial value of the forget gate's bias.

    Raises:
        ConfigError: A size is below 1.

    Source: [greff2017], variant CIFG; used for keyboards by [hard2018].

    Example:
        >>> cell = CifgCell(3, 2)
        >>> outputs, state = cell.step(torch.zeros(4, 3), cell.initial_state(4))
        >>> state.cell_state.shape
        torch.Size([4, 2])
    """

    state_type = LstmState

    def __init__(self, input_size: int, hidden_size: int, *, forget_bias: float = 1.0) -> None:
        super().__init__(input_size, hidden_size)
        scale = hidden_size**-0.5
        self.weight_ih = uniform_parameter(3 * hidden_size, input_size, scale=scale)
        self.weight_hh = uniform_parameter(3 * hidden_size, hidden_size, scale=scale)
        bias = torch.zeros(3, hidden_size)
        bias[CIFG_GATES.index("forget_gate")] = forget_bias
        self.bias = nn.Parameter(bias.flatten())

    def step(
        self, inputs: StepInputs, state: LstmState, *, noise: StepNoise = NO_NOISE
    ) -> tuple[StepOutputs, LstmState]:
        """Compute one step; the outputs are the new hidden state."""
        outputs, after, _ = self.step_with_gates(inputs, state, noise=noise)
        return outputs, after

    def step_with_gates(
        self, inputs: StepInputs, state: LstmState, *, noise: StepNoise = NO_NOISE
    ) -> tuple[StepOutputs, LstmState, Gates]:
        """Compute one step and return the gates of `CIFG_GATES` too."""
        product = noise.seen(state.hidden_state) @ noise.matrix(self.weight_hh).T
        sums = (inputs @ self.weight_ih.T + product + self.bias).chunk(3, dim=1)
        f, g, o = torch.sigmoid(sums[0]), torch.tanh(sums[1]), torch.sigmoid(sums[2])
        c = f * state.cell_state + (1.0 - f) * g
        h = o * torch.tanh(c)
        gates = CifgGates(forget_gate=f, cell_candidate=g, output_gate=o)
        return h, LstmState(hidden_state=h, cell_state=c), gates._asdict()

    def manual_backward(self) -> ManualBackward:
        """Return the manual forward and backward pass."""
        return CifgManualBackward()


class CifgPass(LayerPass):
    """A manual pass of the CIFG; stores the gates f, c̃, o and tanh(c).

    With c̃ = g, the gradients of the pre-activations of f and g are the gradient of c times
    (c⁻ - g) f' and (1 - f) g', and that of o's is the gradient of h times tanh(c) o'.
    """

    def __init__(self, input_gates: Tensor, product: Product) -> None:
        num_steps, batch_size, width = input_gates.shape
        self.input_gates = input_gates
        self.product = product
        self.gates = torch.empty_like(input_gates)
        self.tanh_cells = input_gates.new_empty(num_steps, batch_size, width // 3)

    def step(self, time: int, before: Sequence[Tensor], *, after: Sequence[Tensor]) -> None:
        """Compute c = f∘c⁻ + (1 - f)∘c̃ and h = o∘tanh(c)."""
        gates = self.product.add(self.input_gates[time], before[0], out=self.gates[time])
        f, g, o = gates.chunk(3, dim=1)
        f.sigmoid_()
        g.tanh_()
        o.sigmoid_()
        torch.lerp(g, before[1], f, out=after[1])
        torch.tanh(after[1], out=self.tanh_cells[time])
        torch.mul(o, self.tanh_cells[time], out=after[0])

    def precompute_backward(self, states: Sequence[Tensor]) -> None:
        """Compute the factors of the backward pass, for all steps at once."""
        f, g, o = self.gates.chunk(3, dim=2)
        cells_before = states[1][:-1]
        self.forget = f
        self.cell_factor = torch.ops.aten.tanh_backward(o, self.tanh_cells)
        self.factors = torch.stack(
            [
                torch.ops.aten.sigmoid_backward(cells_before - g, f),
                torch.ops.aten.tanh_backward(1.0 - f, g),
                torch.ops.aten.sigmoid_backward(self.tanh_cells, o),
            ],
            dim=2,
        )
        self.grad_gates = torch.empty_like(self.factors, dtype=self.product.dtype)

    def step_backward(self, time: int, gradients: Sequence[Tensor]) -> list[Tensor]:
        """Return the gradients of h⁻ and c⁻."""
        grad_hidden, grad_cell = gradients
        grad_cell = grad_cell + grad_hidden * self.cell_factor[time]
        factors, grad_gates = self.factors[time], self.grad_gates[time]
        torch.mul(factors[:, :2], grad_cell.unsqueeze(1), out=grad_gates[:, :2])
        torch.mul(factors[:, 2], grad_hidden, out=grad_gates[:, 2])
        grad_before = self.product.backward(grad_gates.flatten(1))
        return [grad_before, grad_cell * self.forget[time]]

    def gradients(self) -> PassGradients:
        """Return the gradients; the inputs and the product are only added, so they share one."""
        gates = self.grad_gates.flatten(2)
        return PassGradients(input_gates=gates, products=gates)


class CifgManualBackward(ManualBackward):
    """Starts manual passes of `CifgCell`."""

    def begin(
        self, input_gates: Tensor, product: Product, *, other_weights: Sequence[Tensor]
    ) -> CifgPass:
        """Start a pass through a window."""
        return CifgPass(input_gates, product)

"""Long short-term memory (LSTM): gates control what the cell state keeps, adds and outputs."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from nextword.cells.activations import tanh_
from nextword.cells.contract import Cell, Gates, StepInputs, StepOutputs, uniform_parameter
from nextword.cells.manual_pass import LayerPass, ManualBackward, PassGradients, Product
from nextword.cells.noise import NO_NOISE, StepNoise

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
    """Compute the gates: i, f, o in (0, 1) and c̃ in (-1, 1).

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
    """Compute the gates, then c[t] and h[t]; weights as in `lstm_gates`."""
    seen = noise.seen(state.hidden_state)
    gates = lstm_gates(inputs, seen, weight_ih=weight_ih, weight_hh=weight_hh, bias=bias)
    return lstm_update(gates, state)


def lstm_update(gates: LstmGates, state: LstmState) -> LstmState:
    """Compute c[t] = f∘c⁻ + i∘c̃ and h[t] = o∘tanh(c[t])."""
    c = gates.forget_gate * state.cell_state + gates.input_gate * gates.cell_candidate
    h = gates.output_gate * torch.tanh(c)
    return LstmState(hidden_state=h, cell_state=c)


def forget_biased(hidden_size: int, forget_bias: float) -> Tensor:
    """Return a bias, (4 * hidden): `forget_bias` for the forget gate, 0 for the others."""
    bias = torch.zeros(4, hidden_size)
    bias[LSTM_GATES.index("forget_gate")] = forget_bias
    return bias.flatten()


class LstmCell(Cell[LstmState]):
    """An LSTM layer, one step at a time; 4 * hidden * (hidden + input + 1) parameters.

    Args:
        input_size: Width of the input.
        hidden_size: Width of the hidden and the cell state.
        forget_bias: Initial value of the forget gate's bias; with 1 the cell state is mostly kept
            from the first update on [jozefowicz2015].

    Raises:
        ConfigError: A size is below 1.

    Source: [hochreiter1997]; forget gate from [gers2000]; [lecture-000], [lecture-001],
    [lecture-004]. Each gate has one bias, as in the lectures; torch.nn.LSTM has two and adds them.

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
        self, inputs: StepInputs, state: LstmState, *, noise: StepNoise = NO_NOISE
    ) -> tuple[StepOutputs, LstmState]:
        """Compute one step; the outputs are the new hidden state."""
        outputs, after, _ = self.step_with_gates(inputs, state, noise=noise)
        return outputs, after

    def step_with_gates(
        self, inputs: StepInputs, state: LstmState, *, noise: StepNoise = NO_NOISE
    ) -> tuple[StepOutputs, LstmState, Gates]:
        """Compute one step and return the gates of `LSTM_GATES` too."""
        gates = lstm_gates(
            inputs,
            noise.seen(state.hidden_state),
            weight_ih=self.weight_ih,
            weight_hh=noise.matrix(self.weight_hh),
            bias=self.bias,
        )
        after = lstm_update(gates, state)
        return after.hidden_state, after, gates._asdict()

    def manual_backward(self) -> ManualBackward:
        """Return the manual forward and backward pass."""
        return LstmManualBackward()


class LstmPass(LayerPass):
    """A manual pass of the LSTM; stores the gates i, f, c̃, o and tanh(c).

    With c̃ = g, the gradients of the pre-activations of i, f and g are the gradient of c times
    g i', c⁻ f' and i g', and that of o's is the gradient of h times tanh(c) o'. The gradient of h
    contributes o (1 - tanh²c) times itself to that of c. These factors depend on the forward pass
    only, so `precompute_backward` computes them for all steps at once, and `step_backward` is left
    with four products and two sums.
    """

    def __init__(self, input_gates: Tensor, product: Product) -> None:
        num_steps, batch_size, width = input_gates.shape
        self.size = width // 4
        self.input_gates = input_gates
        self.product = product
        self.gates = torch.empty_like(input_gates)
        self.tanh_cells = input_gates.new_empty(num_steps, batch_size, self.size)

    def step(self, time: int, before: Sequence[Tensor], *, after: Sequence[Tensor]) -> None:
        """Compute c = f∘c⁻ + i∘c̃ and h = o∘tanh(c)."""
        gates = self.product.add(self.input_gates[time], before[0], out=self.gates[time])
        self.activate(time, gates, cell_before=before[1], after=after)

    def activate(
        self, time: int, gates: Tensor, *, cell_before: Tensor, after: Sequence[Tensor]
    ) -> None:
        """Compute the gates from their pre-activations, in place, then c and h.

        Args:
            time: The step.
            gates: Pre-activations, (batch, 4 * hidden); overwritten.
            cell_before: c⁻, (batch, hidden).
            after: h and c, (batch, hidden) each; overwritten.
        """
        i, f, g, o = gates.chunk(4, dim=1)
        # All four at once: tanh(a) = 2 sigmoid(2a) - 1.
        g.mul_(2)
        gates.sigmoid_()
        g.mul_(2).sub_(1)
        hidden, cell = after
        torch.mul(f, cell_before, out=cell).addcmul_(i, g)
        torch.mul(o, self.tanh_cell(time, cell), out=hidden)

    def tanh_cell(self, time: int, cell: Tensor) -> Tensor:
        """Return tanh(c), and store it."""
        return tanh_(self.tanh_cells[time].copy_(cell))

    def precompute_backward(self, states: Sequence[Tensor]) -> None:
        """Compute the factors of the backward pass, for all steps at once."""
        i, f, g, o = self.gates.chunk(4, dim=2)
        tanh_c, cells_before = self.tanh_cells, states[1][:-1]
        self.forget = f
        self.cell_factor = torch.ops.aten.tanh_backward(o, tanh_c)
        self.factors = o.new_empty(*o.shape[:2], 4, self.size)
        of_i, of_f, of_g, of_o = self.factors.unbind(dim=2)
        torch.ops.aten.sigmoid_backward.grad_input(g, i, grad_input=of_i)
        torch.ops.aten.sigmoid_backward.grad_input(cells_before, f, grad_input=of_f)
        torch.ops.aten.tanh_backward.grad_input(i, g, grad_input=of_g)
        torch.ops.aten.sigmoid_backward.grad_input(tanh_c, o, grad_input=of_o)
        self.grad_gates = torch.empty_like(self.factors, dtype=self.product.dtype)

    def step_backward(self, time: int, gradients: Sequence[Tensor]) -> list[Tensor]:
        """Return the gradients of h⁻ and c⁻."""
        grad_hidden, grad_cell = gradients
        grad_cell = grad_cell + self.backward_tanh_cell(time, grad_hidden)
        factors, grad_gates = self.factors[time], self.grad_gates[time]
        torch.mul(factors[:, :3], grad_cell.unsqueeze(1), out=grad_gates[:, :3])
        torch.mul(factors[:, 3], grad_hidden, out=grad_gates[:, 3])
        grad_before = self.backward_product(time, grad_gates.flatten(1))
        return [grad_before, grad_cell * self.forget[time]]

    def backward_tanh_cell(self, time: int, grad_hidden: Tensor) -> Tensor:
        """Return what the gradient of h contributes to that of c, (batch, hidden)."""
        grad_cell: Tensor = grad_hidden * self.cell_factor[time]
        return grad_cell

    def backward_product(self, time: int, grad_gates: Tensor) -> Tensor:
        """Return the gradient of h⁻ from that of the pre-activations, (batch, 4 * hidden)."""
        return self.product.backward(grad_gates)

    def gradients(self) -> PassGradients:
        """Return the gradients; the inputs and the product are only added, so they share one."""
        gates = self.grad_gates.flatten(2)
        return PassGradients(input_gates=gates, products=gates)


class LstmManualBackward(ManualBackward):
    """Starts manual passes of `LstmCell`."""

    def begin(
        self, input_gates: Tensor, product: Product, *, other_weights: Sequence[Tensor]
    ) -> LstmPass:
        """Start a pass through a window."""
        return LstmPass(input_gates, product)

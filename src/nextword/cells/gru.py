"""The gated recurrent unit (GRU): a reset gate, an update gate, and no separate cell state."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from nextword.cells.activations import tanh_
from nextword.cells.contract import Cell, Gates, StepInputs, StepOutputs, uniform_parameter
from nextword.cells.manual_pass import LayerPass, ManualBackward, PassGradients, Product
from nextword.cells.noise import NO_NOISE, StepNoise

#: Order of the gates along the first axis of every weight, as in torch.
GRU_GATES = ("reset_gate", "update_gate", "new_gate")


class GruState(NamedTuple):
    """h[t-1], (batch, hidden)."""

    hidden_state: Tensor


class GruGates(NamedTuple):
    """The gates and the candidate of one step, each (batch, hidden): r, z and n."""

    reset_gate: Tensor
    update_gate: Tensor
    new_gate: Tensor


def gru_gates(
    inputs: Tensor,
    hidden_state: Tensor,
    *,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias: Tensor,
    recurrent_bias: Tensor,
) -> GruGates:
    """Compute the gates: r and z in (0, 1) and n in (-1, 1).

    Equations: r, z = sigmoid(U e + W h⁻ + b) each and n = tanh(U_n e + b_n + r∘(W_n h⁻ + d)), with
    the three U stacked in `weight_ih` (3 * hidden, input), the three W in `weight_hh`
    (3 * hidden, hidden), the three b in `bias` (3 * hidden), in the order of `GRU_GATES`, and d
    `recurrent_bias` (hidden).
    """
    input_r, input_z, input_n = (inputs @ weight_ih.T + bias).chunk(3, dim=1)
    product_r, product_z, product_n = (hidden_state @ weight_hh.T).chunk(3, dim=1)
    r = torch.sigmoid(input_r + product_r)
    z = torch.sigmoid(input_z + product_z)
    n = torch.tanh(input_n + r * (product_n + recurrent_bias))
    return GruGates(reset_gate=r, update_gate=z, new_gate=n)


def gru_update(gates: GruGates, state: GruState) -> GruState:
    """Compute h[t] = (1 - z)∘n + z∘h⁻."""
    z = gates.update_gate
    return GruState(hidden_state=(1 - z) * gates.new_gate + z * state.hidden_state)


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
    """Compute the gates, then h[t]; weights as in `gru_gates`."""
    gates = gru_gates(
        inputs,
        noise.seen(state.hidden_state),
        weight_ih=weight_ih,
        weight_hh=weight_hh,
        bias=bias,
        recurrent_bias=recurrent_bias,
    )
    return gru_update(gates, state)


class GruCell(Cell[GruState]):
    """A GRU layer, one step at a time; 3 * hidden * (hidden + input + 1) + hidden parameters.

    The reset gate multiplies the product W_n h⁻, as in torch and cuDNN, so that a step needs one
    matrix product. The published version of the paper multiplies h⁻ before the product, which then
    has to wait for the gate. Each gate has one bias. The candidate has a second one inside the
    reset, which cannot be merged with the first; with it the cell equals torch.nn.GRU.

    Args:
        input_size: Width of the input.
        hidden_size: Width of the hidden state.

    Raises:
        ConfigError: A size is below 1.

    Source: [cho2014], in its first version, arXiv:1406.1078v1; [lecture-000].

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
        self, inputs: StepInputs, state: GruState, *, noise: StepNoise = NO_NOISE
    ) -> tuple[StepOutputs, GruState]:
        """Compute one step; the outputs are the new hidden state."""
        outputs, after, _ = self.step_with_gates(inputs, state, noise=noise)
        return outputs, after

    def step_with_gates(
        self, inputs: StepInputs, state: GruState, *, noise: StepNoise = NO_NOISE
    ) -> tuple[StepOutputs, GruState, Gates]:
        """Compute one step and return the gates of `GRU_GATES` too."""
        gates = gru_gates(
            inputs,
            noise.seen(state.hidden_state),
            weight_ih=self.weight_ih,
            weight_hh=noise.matrix(self.weight_hh),
            bias=self.bias,
            recurrent_bias=self.recurrent_bias,
        )
        after = gru_update(gates, state)
        return after.hidden_state, after, gates._asdict()

    def manual_backward(self) -> ManualBackward:
        """Return the manual forward and backward pass."""
        return GruManualBackward()


class GruPass(LayerPass):
    """A manual pass of the GRU; stores r and z, n, and q as the last third of the products.

    With q = W_n h⁻ + d, the gradient of n's pre-activation is that of h times (1 - z) n'. Times r
    it is the gradient of q, and times q r' that of r's pre-activation. The candidate is the one
    block in which the inputs and the recurrent product have different gradients, because the reset
    gate multiplies only the product.
    """

    def __init__(self, input_gates: Tensor, product: Product, *, recurrent_bias: Tensor) -> None:
        num_steps, batch_size, width = input_gates.shape
        self.size = width // 3
        self.input_gates = input_gates
        self.product = product
        self.bias = torch.cat([recurrent_bias.new_zeros(2 * self.size), recurrent_bias])
        self.products = torch.empty_like(input_gates)
        self.new_gates = input_gates.new_empty(num_steps, batch_size, self.size)

    def step(self, time: int, before: Sequence[Tensor], *, after: Sequence[Tensor]) -> None:
        """Compute h = n + z∘(h⁻ - n), where n = tanh(U_n e + b_n + r∘q)."""
        inputs, size = self.input_gates[time], self.size
        products = self.product.add(self.bias, before[0], out=self.products[time])
        gates, q = products[:, : 2 * size], products[:, 2 * size :]
        r, z = gates.add_(inputs[:, : 2 * size]).sigmoid_().chunk(2, dim=1)
        n = tanh_(torch.addcmul(inputs[:, 2 * size :], r, q, out=self.new_gates[time]))
        torch.lerp(n, before[0], z, out=after[0])

    def precompute_backward(self, states: Sequence[Tensor]) -> None:
        """Compute the factors of the backward pass, for all steps at once."""
        r, z, q = self.products.chunk(3, dim=2)
        n, h = self.new_gates, states[0][:-1]
        self.update = z
        self.new_factor = torch.ops.aten.tanh_backward(1 - z, n)
        self.factors = n.new_empty(*n.shape[:2], 3, self.size)
        of_r, of_z, of_q = self.factors.unbind(dim=2)
        torch.ops.aten.sigmoid_backward.grad_input(self.new_factor * q, r, grad_input=of_r)
        torch.ops.aten.sigmoid_backward.grad_input(h - n, z, grad_input=of_z)
        torch.mul(self.new_factor, r, out=of_q)
        self.grad_products = torch.empty_like(self.factors, dtype=self.product.dtype)
        self.grad_new = torch.empty_like(self.new_factor, dtype=self.product.dtype)

    def step_backward(self, time: int, gradients: Sequence[Tensor]) -> list[Tensor]:
        """Return the gradient of h⁻: directly through z, and through the product."""
        (grad_hidden,) = gradients
        grad_products = self.grad_products[time]
        torch.mul(self.factors[time], grad_hidden.unsqueeze(1), out=grad_products)
        torch.mul(self.new_factor[time], grad_hidden, out=self.grad_new[time])
        through_product = self.product.backward(grad_products.flatten(1))
        return [torch.addcmul(through_product, grad_hidden, self.update[time])]

    def gradients(self) -> PassGradients:
        """Return separate gradients of the inputs and the product, and that of d."""
        products = self.grad_products.flatten(2)
        input_gates = torch.cat([products[..., : 2 * self.size], self.grad_new], dim=2)
        return PassGradients(
            input_gates=input_gates,
            products=products,
            other_weights=(products[..., 2 * self.size :].sum(dim=(0, 1), dtype=self.bias.dtype),),
        )


class GruManualBackward(ManualBackward):
    """Starts manual passes of `GruCell`."""

    other_weights = ("recurrent_bias",)

    def begin(
        self, input_gates: Tensor, product: Product, *, other_weights: Sequence[Tensor]
    ) -> GruPass:
        """Start a pass through a window."""
        (recurrent_bias,) = other_weights
        return GruPass(input_gates, product, recurrent_bias=recurrent_bias)

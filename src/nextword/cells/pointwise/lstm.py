"""The LSTM's part in running a layer by hand.

With c̃ = g, the gradient of the pre-activations is the gradient of c times [g i', c⁻ f', i g'] for
three gates and that of h times tanh(c) o' for the fourth, and h reaches c through o (1 - tanh²c).
All these factors are known before the way back begins, so they are formed for all steps at once;
a step back is then four products and two sums.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from nextword.cells.pointwise.activations import tanh_
from nextword.cells.pointwise.contract import PassGradients, Pointwise, PointwisePass, Product


class LstmPass(PointwisePass):
    """Gates i, f, c̃, o after activation are kept, and tanh(c)."""

    def __init__(self, input_gates: Tensor, product: Product) -> None:
        num_steps, batch_size, width = input_gates.shape
        self.size = width // 4
        self.input_gates = input_gates
        self.product = product
        self.gates = torch.empty_like(input_gates)
        self.shown_cells = input_gates.new_empty(num_steps, batch_size, self.size)

    def step(self, time: int, before: Sequence[Tensor], after: Sequence[Tensor]) -> None:
        """Write h = o∘tanh(c) and c = f∘c⁻ + i∘c̃."""
        gates = self.product.add(self.input_gates[time], before[0], out=self.gates[time])
        self.activate(time, gates, before[1], after)

    def activate(
        self, time: int, gates: Tensor, cell_before: Tensor, after: Sequence[Tensor]
    ) -> None:
        """Apply the nonlinearities in place, and write h and c."""
        i, f, g, o = gates.chunk(4, dim=1)
        # All four at once: tanh(a) = 2 sigmoid(2a) - 1.
        g.mul_(2)
        gates.sigmoid_()
        g.mul_(2).sub_(1)
        hidden, cell = after
        torch.mul(f, cell_before, out=cell).addcmul_(i, g)
        torch.mul(o, self.show(time, cell), out=hidden)

    def show(self, time: int, cell: Tensor) -> Tensor:
        """Give tanh(c)."""
        return tanh_(self.shown_cells[time].copy_(cell))

    def turn(self, states: Sequence[Tensor]) -> None:
        """Form all factors of the way back."""
        i, f, g, o = self.gates.chunk(4, dim=2)
        shown, cells_before = self.shown_cells, states[1][:-1]
        self.forget = f
        self.through_cell = torch.ops.aten.tanh_backward(o, shown)
        self.factors = o.new_empty(*o.shape[:2], 4, self.size)
        of_i, of_f, of_g, of_o = self.factors.unbind(dim=2)
        torch.ops.aten.sigmoid_backward.grad_input(g, i, grad_input=of_i)
        torch.ops.aten.sigmoid_backward.grad_input(cells_before, f, grad_input=of_f)
        torch.ops.aten.tanh_backward.grad_input(i, g, grad_input=of_g)
        torch.ops.aten.sigmoid_backward.grad_input(shown, o, grad_input=of_o)
        self.grad_gates = torch.empty_like(self.factors, dtype=self.product.dtype)

    def step_back(self, time: int, gradients: Sequence[Tensor]) -> list[Tensor]:
        """Give the gradients of h⁻ and c⁻."""
        grad_hidden, grad_cell = gradients
        grad_cell = grad_cell + self.through_shown(time, grad_hidden)
        factors, grad_gates = self.factors[time], self.grad_gates[time]
        torch.mul(factors[:, :3], grad_cell.unsqueeze(1), out=grad_gates[:, :3])
        torch.mul(factors[:, 3], grad_hidden, out=grad_gates[:, 3])
        grad_before = self.through_product(time, grad_gates.flatten(1))
        return [grad_before, grad_cell * self.forget[time]]

    def through_shown(self, time: int, grad_hidden: Tensor) -> Tensor:
        """Give what of the gradient of h reaches c."""
        through: Tensor = grad_hidden * self.through_cell[time]
        return through

    def through_product(self, time: int, grad_gates: Tensor) -> Tensor:
        """Give what of the gradient of the gates reaches h⁻."""
        return self.product.back(grad_gates)

    def gradients(self) -> PassGradients:
        """The inputs and the recurrent product are only added up, so they share a gradient."""
        gates = self.grad_gates.flatten(2)
        return PassGradients(input_gates=gates, products=gates)


class LstmPointwise(Pointwise):
    """Runs `LstmCell`."""

    def begin(self, input_gates: Tensor, product: Product, others: Sequence[Tensor]) -> LstmPass:
        """Begin a pass through a window."""
        return LstmPass(input_gates, product)

"""The GRU's part in running a layer by hand.

With q = W_n h⁻ + d, the gradient of h times (1 - z) n' is that of the candidate's pre-activation;
times r as well it is that of q, and times q r' that of the reset gate's. The inputs and the
recurrent product meet in the reset, so their gradients differ in the candidate's block.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from nextword.cells.pointwise.activations import tanh_
from nextword.cells.pointwise.contract import PassGradients, Pointwise, PointwisePass, Product


class GruPass(PointwisePass):
    """Gates r and z after activation are kept, n, and q as the last third of the products."""

    def __init__(self, input_gates: Tensor, product: Product, recurrent_bias: Tensor) -> None:
        num_steps, batch_size, width = input_gates.shape
        self.size = width // 3
        self.input_gates = input_gates
        self.product = product
        self.bias = torch.cat([recurrent_bias.new_zeros(2 * self.size), recurrent_bias])
        self.products = torch.empty_like(input_gates)
        self.new_gates = input_gates.new_empty(num_steps, batch_size, self.size)

    def step(self, time: int, before: Sequence[Tensor], after: Sequence[Tensor]) -> None:
        """Write h = n + z∘(h⁻ - n), where n = tanh(U_n e + b_n + r∘q)."""
        inputs, size = self.input_gates[time], self.size
        products = self.product.add(self.bias, before[0], out=self.products[time])
        gates, q = products[:, : 2 * size], products[:, 2 * size :]
        r, z = gates.add_(inputs[:, : 2 * size]).sigmoid_().chunk(2, dim=1)
        n = tanh_(torch.addcmul(inputs[:, 2 * size :], r, q, out=self.new_gates[time]))
        torch.lerp(n, before[0], z, out=after[0])

    def turn(self, states: Sequence[Tensor]) -> None:
        """Form all factors of the way back."""
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

    def step_back(self, time: int, gradients: Sequence[Tensor]) -> list[Tensor]:
        """Give the gradient of h⁻: past the gates through z, and through the product."""
        (grad_hidden,) = gradients
        grad_products = self.grad_products[time]
        torch.mul(self.factors[time], grad_hidden.unsqueeze(1), out=grad_products)
        torch.mul(self.new_factor[time], grad_hidden, out=self.grad_new[time])
        through_product = self.product.back(grad_products.flatten(1))
        return [torch.addcmul(through_product, grad_hidden, self.update[time])]

    def gradients(self) -> PassGradients:
        """Of the inputs and the product apart, and of d."""
        products = self.grad_products.flatten(2)
        input_gates = torch.cat([products[..., : 2 * self.size], self.grad_new], dim=2)
        return PassGradients(
            input_gates=input_gates,
            products=products,
            others=(products[..., 2 * self.size :].sum(dim=(0, 1), dtype=self.bias.dtype),),
        )


class GruPointwise(Pointwise):
    """Runs `GruCell`."""

    others = ("recurrent_bias",)

    def begin(self, input_gates: Tensor, product: Product, others: Sequence[Tensor]) -> GruPass:
        """Begin a pass through a window."""
        return GruPass(input_gates, product, *others)

"""The Elman cell's part in running a layer by hand: h = σ(a), and σ' written in terms of h."""

from collections.abc import Sequence

import torch
from torch import Tensor

from nextword.cells.pointwise.activations import ACTIVATIONS, Activation
from nextword.cells.pointwise.contract import PassGradients, Pointwise, PointwisePass, Product


class ElmanPass(PointwisePass):
    """What σ gave is kept."""

    def __init__(self, input_gates: Tensor, product: Product, activation: Activation) -> None:
        self.input_gates = input_gates
        self.product = product
        self.activation = activation
        self.activated = torch.empty_like(input_gates)

    def step(self, time: int, before: Sequence[Tensor], after: Sequence[Tensor]) -> None:
        """Write h = σ(W_e e + W_h h⁻ + b)."""
        summed = self.product.add(self.input_gates[time], before[0], out=self.activated[time])
        after[0].copy_(self.activation.apply_(summed))

    def turn(self, states: Sequence[Tensor]) -> None:
        """Form σ' for all steps."""
        self.factors = self.activation.derivative(self.activated)
        self.grad_gates = torch.empty_like(self.factors, dtype=self.product.dtype)

    def step_back(self, time: int, gradients: Sequence[Tensor]) -> list[Tensor]:
        """Give the gradient of h⁻."""
        torch.mul(self.factors[time], gradients[0], out=self.grad_gates[time])
        return [self.product.back(self.grad_gates[time])]

    def gradients(self) -> PassGradients:
        """The inputs and the recurrent product are only added up, so they share a gradient."""
        return PassGradients(input_gates=self.grad_gates, products=self.grad_gates)


class ElmanPointwise(Pointwise):
    """Runs `ElmanCell` and `LinearCell`.

    Args:
        activation: σ: a key of `ACTIVATIONS`.
    """

    def __init__(self, activation: str) -> None:
        self.activation = ACTIVATIONS[activation]

    def begin(self, input_gates: Tensor, product: Product, others: Sequence[Tensor]) -> ElmanPass:
        """Begin a pass through a window."""
        return ElmanPass(input_gates, product, self.activation)

"""The part of the Elman cell before its nonlinearity in running a layer by hand."""

from collections.abc import Sequence

import torch
from torch import Tensor

from nextword.cells.pointwise.activations import ACTIVATIONS, Activation
from nextword.cells.pointwise.contract import PassGradients, Pointwise, PointwisePass, Product


class PreactivationPass(PointwisePass):
    """φ of every state before a step is kept: it is what the product reads."""

    def __init__(self, input_gates: Tensor, product: Product, activation: Activation) -> None:
        self.input_gates = input_gates
        self.product = product
        self.activation = activation
        self.activated = torch.empty_like(input_gates)

    def step(self, time: int, before: Sequence[Tensor], after: Sequence[Tensor]) -> None:
        """Write h = W_e e + W_h φ(h⁻) + b."""
        activated = self.activation.apply_(self.activated[time].copy_(before[0]))
        self.product.add(self.input_gates[time], activated, out=after[0])

    def turn(self, states: Sequence[Tensor]) -> None:
        """Form φ' for all steps."""
        self.factors = self.activation.derivative(self.activated)
        self.grad_gates = torch.empty_like(self.factors, dtype=self.product.dtype)

    def step_back(self, time: int, gradients: Sequence[Tensor]) -> list[Tensor]:
        """Give the gradient of h⁻."""
        grad_gates = self.grad_gates[time].copy_(gradients[0])
        return [self.product.back(grad_gates).mul_(self.factors[time])]

    def seen(self, states: Sequence[Tensor]) -> Tensor:
        """Give φ of the states before each step."""
        return self.activated

    def gradients(self) -> PassGradients:
        """The inputs and the recurrent product are only added up, so they share a gradient."""
        return PassGradients(input_gates=self.grad_gates, products=self.grad_gates)


class PreactivationPointwise(Pointwise):
    """Runs `ElmanPreactivationCell`.

    Args:
        activation: φ: a key of `ACTIVATIONS`.
    """

    def __init__(self, activation: str) -> None:
        self.activation = ACTIVATIONS[activation]

    def begin(
        self, input_gates: Tensor, product: Product, others: Sequence[Tensor]
    ) -> PreactivationPass:
        """Begin a pass through a window."""
        return PreactivationPass(input_gates, product, self.activation)

"""The projected LSTM's part in running a layer by hand: the LSTM's, and a second product."""

from collections.abc import Sequence

import torch
from torch import Tensor

from nextword.cells.pointwise.contract import PassGradients, Pointwise, Product
from nextword.cells.pointwise.lstm import LstmPass


class ProjectedLstmPass(LstmPass):
    """As the LSTM's; what it shows before the projection is kept as well."""

    def __init__(self, input_gates: Tensor, product: Product, projection: Tensor) -> None:
        super().__init__(input_gates, product)
        self.projection = projection.to(product.dtype)
        self.wide = torch.empty_like(self.shown_cells)

    def step(self, time: int, before: Sequence[Tensor], after: Sequence[Tensor]) -> None:
        """As the LSTM's, then r = W_r (o∘tanh(c))."""
        wide = self.wide[time]
        super().step(time, before, (wide, after[1]))
        after[0].copy_(wide.to(self.product.dtype) @ self.projection.t())

    def turn(self, states: Sequence[Tensor]) -> None:
        """Form all factors of the way back."""
        super().turn(states)
        self.grad_projected = states[0].new_empty(states[0][1:].shape, dtype=self.product.dtype)

    def step_back(self, time: int, gradients: Sequence[Tensor]) -> list[Tensor]:
        """Give the gradients of r⁻ and c⁻."""
        grad_projected = self.grad_projected[time].copy_(gradients[0])
        grad_wide = (grad_projected @ self.projection).to(gradients[1].dtype)
        return super().step_back(time, (grad_wide, gradients[1]))

    def gradients(self) -> PassGradients:
        """As the LSTM's, and of W_r."""
        found = super().gradients()
        wide = self.wide.flatten(0, 1).to(self.product.dtype)
        return PassGradients(
            input_gates=found.input_gates,
            products=found.products,
            others=(self.grad_projected.flatten(0, 1).t() @ wide,),
        )


class ProjectedLstmPointwise(Pointwise):
    """Runs `ProjectedLstmCell`."""

    others = ("weight_hr",)

    def begin(
        self, input_gates: Tensor, product: Product, others: Sequence[Tensor]
    ) -> ProjectedLstmPass:
        """Begin a pass through a window."""
        return ProjectedLstmPass(input_gates, product, *others)

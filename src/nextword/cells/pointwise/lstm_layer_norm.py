"""The layer-normalised LSTM's part in running a layer by hand.

The normalisation of the recurrent product couples all gates of a row, so its gradient is taken
step by step; so is that of the normalised cell state.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nextword.cells.pointwise.activations import tanh_
from nextword.cells.pointwise.contract import PassGradients, Pointwise, Product
from nextword.cells.pointwise.lstm import LstmPass

#: Added to the variance that is divided by.
NORM_EPSILON = 1e-5


@dataclass(frozen=True, kw_only=True)
class NormalisedSteps:
    """What was normalised, step by step, and by what.

    Attributes:
        values: Before, (time, batch, width).
        means: (time, batch, 1).
        scales: One over the standard deviation, (time, batch, 1).
        gain: What the normalised values are multiplied with, (width).
        bias: What is added then, (width), or None.
    """

    values: Tensor
    means: Tensor
    scales: Tensor
    gain: Tensor
    bias: Tensor | None

    @classmethod
    def like(cls, values: Tensor, *, gain: Tensor, bias: Tensor | None) -> "NormalisedSteps":
        """Give room for all steps."""
        column = (*values.shape[:2], 1)
        return cls(
            values=torch.empty_like(values),
            means=values.new_empty(column),
            scales=values.new_empty(column),
            gain=gain,
            bias=bias,
        )

    def at(self, time: int) -> Tensor:
        """Normalise the values of a step."""
        result, mean, scale = torch.native_layer_norm(
            self.values[time], self.gain.shape, self.gain, self.bias, NORM_EPSILON
        )
        self.means[time], self.scales[time] = mean, scale
        return result

    def back(self, time: int, gradient: Tensor) -> Tensor:
        """Turn the gradient of what a step's normalisation gave into that of its values."""
        found, _, _ = torch.ops.aten.native_layer_norm_backward(
            gradient,
            self.values[time],
            self.gain.shape,
            self.means[time],
            self.scales[time],
            self.gain,
            self.bias,
            [True, False, False],
        )
        result: Tensor = found
        return result

    def grad_gain(self, gradients: Tensor) -> Tensor:
        """Give the gradient of the gain from those of all steps' results."""
        return (gradients * (self.values - self.means) * self.scales).sum(dim=(0, 1))


class LayerNormLstmPass(LstmPass):
    """As the LSTM's, around two normalisations."""

    def __init__(
        self,
        input_gates: Tensor,
        product: Product,
        gain_hh: Tensor,
        gain_cell: Tensor,
        bias_cell: Tensor,
    ) -> None:
        super().__init__(input_gates, product)
        self.products = NormalisedSteps.like(input_gates, gain=gain_hh, bias=None)
        self.cells = NormalisedSteps.like(self.shown_cells, gain=gain_cell, bias=bias_cell)
        self.nothing = torch.zeros_like(gain_hh)

    def step(self, time: int, before: Sequence[Tensor], after: Sequence[Tensor]) -> None:
        """As the LSTM's, with N(W h⁻) for W h⁻."""
        self.product.add(self.nothing, before[0], out=self.products.values[time])
        gates = torch.add(self.input_gates[time], self.products.at(time), out=self.gates[time])
        self.activate(time, gates, before[1], after)

    def show(self, time: int, cell: Tensor) -> Tensor:
        """Give tanh(γ∘N(c) + d)."""
        self.cells.values[time] = cell
        return tanh_(self.shown_cells[time].copy_(self.cells.at(time)))

    def turn(self, states: Sequence[Tensor]) -> None:
        """Form all factors of the way back."""
        super().turn(states)
        # Normalisation magnifies rounding, so its gradients are rounded for the product alone.
        self.grad_gates = torch.empty_like(self.factors)
        self.grad_products = torch.empty_like(self.gates, dtype=self.product.dtype)
        self.grad_shown = torch.empty_like(self.shown_cells)

    def through_shown(self, time: int, grad_hidden: Tensor) -> Tensor:
        """Give what of the gradient of h reaches c."""
        torch.mul(grad_hidden, self.through_cell[time], out=self.grad_shown[time])
        return self.cells.back(time, self.grad_shown[time])

    def through_product(self, time: int, grad_gates: Tensor) -> Tensor:
        """Give what of the gradient of the gates reaches h⁻."""
        grad_product = self.products.back(time, grad_gates)
        return self.product.back(self.grad_products[time].copy_(grad_product))

    def gradients(self) -> PassGradients:
        """Of the inputs and the product apart, and of γ, β and d."""
        grad_gates = self.grad_gates.flatten(2)
        return PassGradients(
            input_gates=grad_gates,
            products=self.grad_products,
            others=(
                self.products.grad_gain(grad_gates),
                self.cells.grad_gain(self.grad_shown),
                self.grad_shown.sum(dim=(0, 1)),
            ),
        )


class LayerNormLstmPointwise(Pointwise):
    """Runs `LayerNormLstmCell`."""

    others = ("gain_hh", "gain_cell", "bias_cell")

    def begin(
        self, input_gates: Tensor, product: Product, others: Sequence[Tensor]
    ) -> LayerNormLstmPass:
        """Begin a pass through a window."""
        return LayerNormLstmPass(input_gates, product, *others)

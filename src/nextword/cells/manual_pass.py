"""The contract of a manual forward and backward pass: all of a step but its recurrent product.

A backend that runs a layer without autograd has a loop over time with one matrix product per step.
What a cell computes around that product, and its gradient, is defined beside the cell:
`ManualBackward` starts a pass, and a `LayerPass` runs forward and backward through one window.

Buffers are time-major, (time, batch, width), here and in such backends only.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor


@runtime_checkable
class Product(Protocol):
    """A product with a matrix W, in whatever layout is fastest.

    Attributes:
        dtype: Dtype of the operands; gradients passed to `backward` must have it.
    """

    dtype: torch.dtype

    def add(self, addend: Tensor, vectors: Tensor, *, out: Tensor) -> Tensor:
        """Compute addend + vectors Wᵀ into `out`.

        Args:
            addend: (batch, gates) or (gates).
            vectors: (batch, hidden).
            out: (batch, gates).

        Returns:
            `out`.
        """
        ...

    def backward(self, gradients: Tensor) -> Tensor:
        """Return gradients W, (batch, hidden): the gradient with respect to the vectors.

        Args:
            gradients: Of the product's results, (batch, gates).
        """
        ...


@dataclass(frozen=True, kw_only=True)
class PassGradients:
    """The gradients of a pass, except those of the state.

    Attributes:
        input_gates: Of the inputs' contribution to the gates, (time, batch, gates).
        products: Of the results of the recurrent product, (time, batch, gates).
        other_weights: Of the cell's other weights, in the order of `ManualBackward.other_weights`.
    """

    input_gates: Tensor
    products: Tensor
    other_weights: tuple[Tensor, ...] = ()


class LayerPass(ABC):
    """One forward and one backward pass through a window; a new one is made for each window.

    The caller stores the states before and after each step, so a pass stores only what it needs
    besides them. The caller may mix a step's result with the old state afterwards (for rows that
    have ended, and for zoneout); `step_backward` is given the gradient of the step's own result.

    Attributes:
        input_gates: The inputs' contribution to the gates, (time, batch, gates).
        product: The product with the recurrent matrix.
    """

    input_gates: Tensor
    product: Product

    @abstractmethod
    def step(self, time: int, before: Sequence[Tensor], *, after: Sequence[Tensor]) -> None:
        """Compute one step of the forward pass.

        Args:
            time: The step, counted from 0.
            before: Parts of the state before the step, each (batch, width); read.
            after: Parts of the state after the step, each (batch, width); overwritten.
        """

    @abstractmethod
    def precompute_backward(self, states: Sequence[Tensor]) -> None:
        """Compute the factors of the backward pass, for all steps at once.

        Args:
            states: The state's parts before the first step and after each, each
                (time + 1, batch, width).
        """

    @abstractmethod
    def step_backward(self, time: int, gradients: Sequence[Tensor]) -> list[Tensor]:
        """Compute one step of the backward pass.

        Args:
            time: The step, counted from 0.
            gradients: Of the parts of the state after the step, each (batch, width).

        Returns:
            The gradients of the parts of the state before the step.
        """

    def product_inputs(self, states: Sequence[Tensor]) -> Tensor:
        """Return the vectors that the recurrent product multiplied, without its dropout mask.

        Args:
            states: As in `precompute_backward`.

        Returns:
            (time, batch, hidden): the hidden states before each step, unless a cell overrides it.
        """
        return states[0][:-1]

    @abstractmethod
    def gradients(self) -> PassGradients:
        """Return the remaining gradients, for all steps at once."""


class ManualBackward(ABC):
    """Starts the passes of one cell that are computed without autograd.

    Attributes:
        other_weights: Names of the weights that a pass needs besides `weight_hh`.
    """

    other_weights: tuple[str, ...] = ()

    @abstractmethod
    def begin(
        self, input_gates: Tensor, product: Product, *, other_weights: Sequence[Tensor]
    ) -> LayerPass:
        """Start a pass through a window.

        Args:
            input_gates: The inputs' contribution to the gates, (time, batch, gates), float32 or
                float64.
            product: The product with the recurrent matrix.
            other_weights: The weights named by the attribute `other_weights`, in the dtype of the
                input gates.
        """

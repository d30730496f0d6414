"""A cell's part in running a layer by hand: everything of a step but its recurrent product.

A backend that runs a layer without autograd has a loop over time and one matrix product a step in
it. What a cell does around that product, and the gradient of that, stands beside the cell: one
`Pointwise` says how to begin, one `PointwisePass` goes through one window and back.

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
        dtype: Number format of its operands; gradients are handed to it in this one.
    """

    dtype: torch.dtype

    def add(self, addend: Tensor, vectors: Tensor, out: Tensor) -> Tensor:
        """Write addend + vectors Wᵀ to `out` and give it."""
        ...

    def back(self, gradients: Tensor) -> Tensor:
        """Give gradients W: the gradient of the vectors that were multiplied."""
        ...


@dataclass(frozen=True, kw_only=True)
class PassGradients:
    """What a pass found on its way back, beside the gradient of the state.

    Attributes:
        input_gates: Of what the inputs gave to the gates, (time, batch, gates).
        products: Of the results of the recurrent product, (time, batch, gates).
        others: Of the cell's other weights, in the order that `Pointwise.others` names them.
    """

    input_gates: Tensor
    products: Tensor
    others: tuple[Tensor, ...] = ()


class PointwisePass(ABC):
    """One way through a window and back; made anew for each window.

    The states before and after each step are given, so a pass keeps only what it needs beside
    them. What a step writes may be mixed with the old state afterwards (rows that have ended,
    zoneout): the way back is told the gradient of what the step itself wrote.

    Attributes:
        input_gates: What the inputs give to the gates, (time, batch, gates).
        product: The product with the recurrent matrix.
    """

    input_gates: Tensor
    product: Product

    @abstractmethod
    def step(self, time: int, before: Sequence[Tensor], after: Sequence[Tensor]) -> None:
        """Go one step: read the parts of the state before it, write those after it."""

    @abstractmethod
    def turn(self, states: Sequence[Tensor]) -> None:
        """Prepare the way back, for all steps at once.

        Args:
            states: The state's parts before, between and after the steps, (time + 1, batch, width).
        """

    @abstractmethod
    def step_back(self, time: int, gradients: Sequence[Tensor]) -> list[Tensor]:
        """Turn the gradient of the state after a step into that of the state before it."""

    def seen(self, states: Sequence[Tensor]) -> Tensor:
        """Give what the recurrent product read at each step, but for its mask: the states before.

        Args:
            states: As `turn` is given them.
        """
        return states[0][:-1]

    @abstractmethod
    def gradients(self) -> PassGradients:
        """Give the other gradients, for all steps at once."""


class Pointwise(ABC):
    """How a cell is run by hand.

    Attributes:
        others: Names of the weights that the pass needs beside `weight_hh`.
    """

    others: tuple[str, ...] = ()

    @abstractmethod
    def begin(
        self, input_gates: Tensor, product: Product, others: Sequence[Tensor]
    ) -> PointwisePass:
        """Begin a pass through a window.

        Args:
            input_gates: What the inputs give to the gates, (time, batch, gates), float32 or 64.
            product: The product with the recurrent matrix.
            others: The weights that `others` names, in the format of the input gates.
        """

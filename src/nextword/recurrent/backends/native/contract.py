"""The arguments and results of a compiled kernel."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class StepOptions:
    """Options of a forward and backward pass.

    Attributes:
        lengths: Number of valid steps in each row, (batch); all when None.
        mask: Multiplied with the previous hidden state before the recurrent product,
            (batch, hidden); 1 when None.
        num_threads: Number of threads of the kernel.
    """

    lengths: Tensor | None
    mask: Tensor | None
    num_threads: int

    def as_arguments(self) -> dict[str, Any]:
        """Return the options as keyword arguments of a kernel."""
        return {"lengths": self.lengths, "mask": self.mask, "num_threads": self.num_threads}


@dataclass(frozen=True, kw_only=True)
class ForwardWindow:
    """The arguments of a forward pass. The input gates may be overwritten.

    Attributes:
        packed: The packed recurrent matrix.
        input_gates: W x + b of all gates, (time, batch, gates * hidden).
        state: The parts of the initial state, (batch, hidden) each.
        recurrent_bias: The recurrent bias of a GRU's candidate, (hidden); else empty.
        options: Lengths, mask and threads.
        keep: Whether to store the values that a backward pass needs.
    """

    packed: Any
    input_gates: Tensor
    state: Sequence[Tensor]
    recurrent_bias: Sequence[Tensor]
    options: StepOptions
    keep: bool


@dataclass(frozen=True, kw_only=True)
class BackwardWindow:
    """The arguments of a backward pass.

    `grad_state` is overwritten with the gradients of the initial state.

    Attributes:
        packed: The packed recurrent matrix.
        kept: The values that the forward pass stored.
        state: The parts of the initial state, (batch, hidden) each.
        outputs: The hidden states, (time, batch, hidden).
        grad_outputs: The gradients of the outputs, (time, batch, hidden); None for zero.
        grad_state: The gradients of the final state, (batch, hidden) each.
        options: The options of the forward pass.
    """

    packed: Any
    kept: Sequence[Tensor]
    state: Sequence[Tensor]
    outputs: Tensor
    grad_outputs: Tensor | None
    grad_state: list[Tensor]
    options: StepOptions


@dataclass(frozen=True, kw_only=True)
class KernelGradients:
    """The gradients that a backward pass computes.

    Attributes:
        gates: Gradient of the input gates, (time, batch, gates * hidden).
        recurrent: Gradient of the recurrent product, in parts of shape
            (time, batch, rows of the matrix).
        state: Gradients of the initial state, (batch, hidden) each.
        biases: Gradients of the bias, and of a GRU's recurrent bias.
    """

    gates: Tensor
    recurrent: list[Tensor]
    state: list[Tensor]
    biases: list[Tensor]


Forward = tuple[Tensor, list[Tensor], list[Tensor]]


class RecurrentKernel(ABC):
    """Forward and backward pass of a cell over time."""

    @abstractmethod
    def forward(self, window: ForwardWindow) -> Forward:
        """Run the layer forward.

        Returns:
            Outputs, (time, batch, hidden); the final state; and the values that `backward` needs,
            if `keep` is true.
        """

    @abstractmethod
    def backward(self, window: BackwardWindow) -> KernelGradients:
        """Run the layer backward and return all gradients."""

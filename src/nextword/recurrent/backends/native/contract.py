"""The arguments and results of a compiled kernel."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class StepOptions:
    """What changes how steps are made.

    Attributes:
        lengths: Steps that count in each row, (batch); all when None.
        mask: Times the previous hidden state before its product, (batch, hidden); 1 when None.
        num_threads: Threads of the kernel.
    """

    lengths: Tensor | None
    mask: Tensor | None
    num_threads: int

    def as_arguments(self) -> dict[str, Any]:
        """The same, as the kernels name them."""
        return {"lengths": self.lengths, "mask": self.mask, "num_threads": self.num_threads}


@dataclass(frozen=True, kw_only=True)
class ForwardWindow:
    """The arguments of a forward pass. The input gates may be overwritten.

    Attributes:
        packed: The recurrent matrix, packed.
        input_gates: The input's share of the gates, (time, batch, gates * hidden).
        state: The initial state's parts, (batch, hidden).
        recurrent_bias: Of a GRU's candidate; else empty.
        options: What changes how steps are made.
        keep: Whether there will be a backward pass.
    """

    packed: Any
    input_gates: Tensor
    state: Sequence[Tensor]
    recurrent_bias: Sequence[Tensor]
    options: StepOptions
    keep: bool


@dataclass(frozen=True, kw_only=True)
class BackwardWindow:
    """The arguments of a backward pass. `grad_state` is overwritten with the initial state's.

    Attributes:
        packed: The recurrent matrix, packed.
        kept: What the forward pass stored.
        state: The initial state's parts, (batch, hidden).
        outputs: The hidden states, (time, batch, hidden).
        grad_outputs: The gradient of each; None where none is used.
        grad_state: The gradients of the final state's parts, (batch, hidden).
        options: What changed how steps were made.
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
        gates: Of the input gates, (time, batch, gates * hidden).
        recurrent: Of what the recurrent matrix gave, in pieces: (time, batch, rows of the matrix).
        state: Of the initial state's parts, (batch, hidden).
        biases: Of the bias, and of a GRU's recurrent bias.
    """

    gates: Tensor
    recurrent: list[Tensor]
    state: list[Tensor]
    biases: list[Tensor]


Forward = tuple[Tensor, list[Tensor], list[Tensor]]


class RecurrentKernel(ABC):
    """A cell over time."""

    @abstractmethod
    def forward(self, window: ForwardWindow) -> Forward:
        """Return the outputs, the final state, and what `backward` needs if `keep` is true."""

    @abstractmethod
    def backward(self, window: BackwardWindow) -> KernelGradients:
        """Return all gradients."""

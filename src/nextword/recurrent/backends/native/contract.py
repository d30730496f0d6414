"""What a compiled kernel is given and gives."""

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
    """What a kernel reads on its way through a window. The input gates may be overwritten.

    Attributes:
        packed: The recurrent matrix, packed.
        input_gates: The input's share of the gates, (time, batch, gates * hidden).
        state: The initial state's parts, (batch, hidden).
        recurrent_bias: Of a GRU's candidate; else empty.
        options: What changes how steps are made.
        keep: Whether there will be a way back.
    """

    packed: Any
    input_gates: Tensor
    state: Sequence[Tensor]
    recurrent_bias: Sequence[Tensor]
    options: StepOptions
    keep: bool


@dataclass(frozen=True, kw_only=True)
class BackwardWindow:
    """What a kernel reads on its way back. `grad_state` is overwritten by the initial state's.

    Attributes:
        packed: The recurrent matrix, packed.
        kept: What the way forward kept.
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
    """What a kernel gives back.

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
        """Give the outputs, the final state, and what `backward` needs, if it is to be kept."""

    @abstractmethod
    def backward(self, window: BackwardWindow) -> KernelGradients:
        """Give all gradients."""

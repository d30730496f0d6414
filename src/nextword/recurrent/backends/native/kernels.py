"""The calls to the compiled kernels: which memory they need, and what they give.

Everything is time-major and contiguous. Nothing here knows of modules or of autograd.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nextword.recurrent.backends.native.contract import (
    Forward,
    KernelGradients,
    RecurrentKernel,
    StepOptions,
    load_kernels,
)


class LstmKernel(RecurrentKernel):
    """The LSTM; its state is hidden and cell."""

    def forward(
        self,
        packed: Any,
        input_gates: Tensor,
        state: Sequence[Tensor],
        *,
        recurrent_bias: Sequence[Tensor],
        options: StepOptions,
        keep: bool,
    ) -> Forward:
        """Run forward; kept are the gates and the cell states."""
        outputs, final = _results(input_gates, state)
        gates = _gates(input_gates) if keep else None
        cells = torch.empty(outputs.shape, dtype=torch.float32) if keep else None
        load_kernels().lstm_forward(
            packed,
            input_gates=input_gates,
            initial_hidden=state[0],
            initial_cell=state[1],
            gates=gates,
            cells=cells,
            outputs=outputs,
            final_hidden=final[0],
            final_cell=final[1],
            **options.as_arguments(),
        )
        return outputs, final, _present(gates, cells)

    def backward(
        self,
        packed: Any,
        kept: Sequence[Tensor],
        state: Sequence[Tensor],
        *,
        outputs: Tensor,
        grad_outputs: Tensor | None,
        grad_state: list[Tensor],
        options: StepOptions,
    ) -> KernelGradients:
        """Run backward."""
        gates, cells = kept
        grad_gates = torch.empty(gates.shape, dtype=outputs.dtype)
        grad_bias = torch.empty(gates.shape[2], dtype=torch.float32)
        load_kernels().lstm_backward(
            packed,
            gates=gates,
            cells=cells,
            initial_cell=state[1],
            grad_outputs=grad_outputs,
            grad_gates=grad_gates,
            grad_hidden=grad_state[0],
            grad_cell=grad_state[1],
            grad_bias=grad_bias,
            **options.as_arguments(),
        )
        return KernelGradients(
            gates=grad_gates, recurrent=[grad_gates], state=grad_state, biases=[grad_bias]
        )


class GruKernel(RecurrentKernel):
    """The GRU whose reset gate comes after the product, as in torch."""

    def forward(
        self,
        packed: Any,
        input_gates: Tensor,
        state: Sequence[Tensor],
        *,
        recurrent_bias: Sequence[Tensor],
        options: StepOptions,
        keep: bool,
    ) -> Forward:
        """Run forward; kept are the gates and the candidate's recurrent part."""
        outputs, final = _results(input_gates, state)
        gates = _gates(input_gates) if keep else None
        candidates = torch.empty(outputs.shape, dtype=torch.float32) if keep else None
        load_kernels().gru_forward(
            packed,
            input_gates=input_gates,
            initial_hidden=state[0],
            recurrent_bias=recurrent_bias[0] if recurrent_bias else None,
            gates=gates,
            candidates=candidates,
            outputs=outputs,
            final_hidden=final[0],
            **options.as_arguments(),
        )
        return outputs, final, _present(gates, candidates)

    def backward(
        self,
        packed: Any,
        kept: Sequence[Tensor],
        state: Sequence[Tensor],
        *,
        outputs: Tensor,
        grad_outputs: Tensor | None,
        grad_state: list[Tensor],
        options: StepOptions,
    ) -> KernelGradients:
        """Run backward; the candidate's two parts have gradients of their own."""
        gates, candidates = kept
        grad_gates = torch.empty(gates.shape, dtype=outputs.dtype)
        grad_candidates = torch.empty(candidates.shape, dtype=outputs.dtype)
        hidden_size = candidates.shape[2]
        biases = [
            torch.empty(3 * hidden_size, dtype=torch.float32),
            torch.empty(hidden_size, dtype=torch.float32),
        ]
        load_kernels().gru_backward(
            packed,
            gates=gates,
            candidates=candidates,
            outputs=outputs,
            initial_hidden=state[0],
            grad_outputs=grad_outputs,
            grad_gates=grad_gates,
            grad_candidates=grad_candidates,
            grad_hidden=grad_state[0],
            grad_bias=biases[0],
            grad_recurrent_bias=biases[1],
            **options.as_arguments(),
        )
        return KernelGradients(
            gates=grad_gates,
            recurrent=[grad_gates[..., : 2 * hidden_size], grad_candidates],
            state=grad_state,
            biases=biases,
        )


@dataclass(frozen=True)
class ElmanKernel(RecurrentKernel):
    """The simple recurrent network.

    Attributes:
        nonlinearity: tanh, sigmoid or relu.
    """

    nonlinearity: str

    def forward(
        self,
        packed: Any,
        input_gates: Tensor,
        state: Sequence[Tensor],
        *,
        recurrent_bias: Sequence[Tensor],
        options: StepOptions,
        keep: bool,
    ) -> Forward:
        """Run forward; kept are the hidden states, in float32."""
        outputs, final = _results(input_gates, state)
        gates = _gates(input_gates) if keep else None
        load_kernels().elman_forward(
            packed,
            input_gates=input_gates,
            initial_hidden=state[0],
            nonlinearity=self.nonlinearity,
            gates=gates,
            outputs=outputs,
            final_hidden=final[0],
            **options.as_arguments(),
        )
        return outputs, final, _present(gates)

    def backward(
        self,
        packed: Any,
        kept: Sequence[Tensor],
        state: Sequence[Tensor],
        *,
        outputs: Tensor,
        grad_outputs: Tensor | None,
        grad_state: list[Tensor],
        options: StepOptions,
    ) -> KernelGradients:
        """Run backward."""
        grad_gates = torch.empty(kept[0].shape, dtype=outputs.dtype)
        grad_bias = torch.empty(kept[0].shape[2], dtype=torch.float32)
        load_kernels().elman_backward(
            packed,
            gates=kept[0],
            nonlinearity=self.nonlinearity,
            grad_outputs=grad_outputs,
            grad_gates=grad_gates,
            grad_hidden=grad_state[0],
            grad_bias=grad_bias,
            **options.as_arguments(),
        )
        return KernelGradients(
            gates=grad_gates, recurrent=[grad_gates], state=grad_state, biases=[grad_bias]
        )


def _results(input_gates: Tensor, state: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
    """Make room for the outputs and the final state."""
    num_steps, batch_size, _ = input_gates.shape
    outputs = input_gates.new_empty(num_steps, batch_size, state[0].shape[1])
    return outputs, [torch.empty_like(part) for part in state]


def _gates(input_gates: Tensor) -> Tensor:
    """Make room for the activated gates, in float32: in place where the input gates are that."""
    if input_gates.dtype == torch.float32:
        return input_gates
    return torch.empty(input_gates.shape, dtype=torch.float32)


def _present(*tensors: Tensor | None) -> list[Tensor]:
    return [tensor for tensor in tensors if tensor is not None]

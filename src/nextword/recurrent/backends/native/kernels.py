"""Calls of the compiled kernels, and allocation of the tensors that they write.

All tensors are time-major and contiguous.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from nextword.recurrent.backends.native.contract import (
    BackwardWindow,
    Forward,
    ForwardWindow,
    KernelGradients,
    RecurrentKernel,
)
from nextword.tensors import load_kernels


class LstmKernel(RecurrentKernel):
    """The LSTM; its state is the hidden state and the cell state."""

    def forward(self, window: ForwardWindow) -> Forward:
        """Run forward; stores the gates and the cell states."""
        outputs, final = _results(window)
        gates = _gates(window)
        cells = torch.empty(outputs.shape, dtype=torch.float32) if window.keep else None
        load_kernels().lstm_forward(
            window.packed,
            input_gates=window.input_gates,
            initial_hidden=window.state[0],
            initial_cell=window.state[1],
            gates=gates,
            cells=cells,
            outputs=outputs,
            final_hidden=final[0],
            final_cell=final[1],
            **window.options.as_arguments(),
        )
        return outputs, final, _present(gates, cells)

    def backward(self, window: BackwardWindow) -> KernelGradients:
        """Run backward."""
        gates, cells = window.kept
        grad_gates = torch.empty(gates.shape, dtype=window.outputs.dtype)
        grad_bias = torch.empty(gates.shape[2], dtype=torch.float32)
        load_kernels().lstm_backward(
            window.packed,
            gates=gates,
            cells=cells,
            initial_cell=window.state[1],
            grad_outputs=window.grad_outputs,
            grad_gates=grad_gates,
            grad_hidden=window.grad_state[0],
            grad_cell=window.grad_state[1],
            grad_bias=grad_bias,
            **window.options.as_arguments(),
        )
        return KernelGradients(
            gates=grad_gates, recurrent=[grad_gates], state=window.grad_state, biases=[grad_bias]
        )


class GruKernel(RecurrentKernel):
    """The GRU with the reset gate applied after the recurrent product, as in torch."""

    def forward(self, window: ForwardWindow) -> Forward:
        """Run forward; stores the gates and the recurrent part of the candidate."""
        outputs, final = _results(window)
        gates = _gates(window)
        candidates = torch.empty(outputs.shape, dtype=torch.float32) if window.keep else None
        load_kernels().gru_forward(
            window.packed,
            input_gates=window.input_gates,
            initial_hidden=window.state[0],
            recurrent_bias=window.recurrent_bias[0] if window.recurrent_bias else None,
            gates=gates,
            candidates=candidates,
            outputs=outputs,
            final_hidden=final[0],
            **window.options.as_arguments(),
        )
        return outputs, final, _present(gates, candidates)

    def backward(self, window: BackwardWindow) -> KernelGradients:
        """Run backward; input and recurrent part of the candidate have separate gradients."""
        gates, candidates = window.kept
        grad_gates = torch.empty(gates.shape, dtype=window.outputs.dtype)
        grad_candidates = torch.empty(candidates.shape, dtype=window.outputs.dtype)
        hidden_size = candidates.shape[2]
        biases = [
            torch.empty(3 * hidden_size, dtype=torch.float32),
            torch.empty(hidden_size, dtype=torch.float32),
        ]
        load_kernels().gru_backward(
            window.packed,
            gates=gates,
            candidates=candidates,
            outputs=window.outputs,
            initial_hidden=window.state[0],
            grad_outputs=window.grad_outputs,
            grad_gates=grad_gates,
            grad_candidates=grad_candidates,
            grad_hidden=window.grad_state[0],
            grad_bias=biases[0],
            grad_recurrent_bias=biases[1],
            **window.options.as_arguments(),
        )
        return KernelGradients(
            gates=grad_gates,
            recurrent=[grad_gates[..., : 2 * hidden_size], grad_candidates],
            state=window.grad_state,
            biases=biases,
        )


@dataclass(frozen=True)
class ElmanKernel(RecurrentKernel):
    """The simple recurrent network.

    Attributes:
        nonlinearity: tanh, sigmoid or relu.
    """

    nonlinearity: str

    def forward(self, window: ForwardWindow) -> Forward:
        """Run forward; stores the hidden states in float32."""
        outputs, final = _results(window)
        gates = _hidden_states(window)
        load_kernels().elman_forward(
            window.packed,
            input_gates=window.input_gates,
            initial_hidden=window.state[0],
            nonlinearity=self.nonlinearity,
            gates=gates,
            outputs=outputs,
            final_hidden=final[0],
            **window.options.as_arguments(),
        )
        return outputs, final, _present(gates)

    def backward(self, window: BackwardWindow) -> KernelGradients:
        """Run backward."""
        (gates,) = window.kept
        grad_gates = torch.empty(gates.shape, dtype=window.outputs.dtype)
        grad_bias = torch.empty(gates.shape[2], dtype=torch.float32)
        load_kernels().elman_backward(
            window.packed,
            gates=gates,
            nonlinearity=self.nonlinearity,
            grad_outputs=window.grad_outputs,
            grad_gates=grad_gates,
            grad_hidden=window.grad_state[0],
            grad_bias=grad_bias,
            **window.options.as_arguments(),
        )
        return KernelGradients(
            gates=grad_gates, recurrent=[grad_gates], state=window.grad_state, biases=[grad_bias]
        )


def _results(window: ForwardWindow) -> tuple[Tensor, list[Tensor]]:
    """Allocate the outputs and the final state."""
    num_steps, batch_size, _ = window.input_gates.shape
    outputs = window.input_gates.new_empty(num_steps, batch_size, window.state[0].shape[1])
    return outputs, [torch.empty_like(part) for part in window.state]


def _gates(window: ForwardWindow) -> Tensor | None:
    """Return the tensor for the activated gates, which shares memory with the input gates.

    With bfloat16 the gates are stored as 16-bit fixed-point numbers. None without a backward pass.
    """
    if not window.keep:
        return None
    is_float32 = window.input_gates.dtype == torch.float32
    return window.input_gates if is_float32 else window.input_gates.view(torch.int16)


def _hidden_states(window: ForwardWindow) -> Tensor | None:
    """Return the float32 tensor for the hidden states of an Elman layer.

    With ReLU they are unbounded, so they are not stored as fixed-point numbers. None without a
    backward pass.
    """
    if not window.keep:
        return None
    if window.input_gates.dtype == torch.float32:
        return window.input_gates
    return torch.empty(window.input_gates.shape, dtype=torch.float32)


def _present(*tensors: Tensor | None) -> list[Tensor]:
    return [tensor for tensor in tensors if tensor is not None]

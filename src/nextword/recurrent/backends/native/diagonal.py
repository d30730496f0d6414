"""Diagonal layers with the compiled kernels, which run through time faster than torch reads memory.

For minGRU and minLSTM the kernels compute the gates too, so that a window is read once forward and
once backward. For other diagonal cells, and in float64, torch computes a and b of h = a∘h⁻ + b and
the kernels run the recurrence.
"""

from functools import cache
from typing import Any

import torch
from torch import Tensor

from nextword.cells import AnyCell, DiagonalCell, DiagonalState, MinGruCell, MinLstmCell
from nextword.recurrent.backends.diagonal import run_diagonal
from nextword.recurrent.noise import NO_LAYER_NOISE
from nextword.tensors import Embeddings, Hidden, Lengths, kernel_threads, load_kernels

#: Steps times units that take a thread about ten microseconds.
_ENTRIES_PER_THREAD = 2**14
#: Names in the kernels. A subclass may compute something else.
_KERNEL_CELLS: dict[type[AnyCell], str] = {MinGruCell: "min_gru", MinLstmCell: "min_lstm"}
_GATE_DTYPES = (torch.float32, torch.bfloat16)
_STATE_DTYPES = (torch.float32, torch.float64)


@cache
def has_kernels() -> bool:
    """Return whether the installed kernels run diagonal layers; those of an older version do not.

    Raises:
        ImportError: The kernels are not installed.
    """
    return hasattr(load_kernels(), "diagonal_forward")


def supports_state(cell: DiagonalCell, state: DiagonalState) -> bool:
    """Return whether the kernels run a cell with this state."""
    tensors = [*cell.parameters(), state.hidden_state]
    return state.hidden_state.dtype in _STATE_DTYPES and all(
        tensor.device.type == "cpu" for tensor in tensors
    )


def run_diagonal_layer(
    cell: DiagonalCell, inputs: Embeddings, *, state: DiagonalState, lengths: Lengths | None
) -> tuple[Hidden, DiagonalState]:
    """Run a diagonal layer; arguments and results as in the reference.

    Under bfloat16 autocast the outputs of a minGRU or minLSTM layer are bfloat16.
    """
    kernel_cell = _KERNEL_CELLS.get(type(cell))
    if kernel_cell is not None and state.hidden_state.dtype == torch.float32:
        gates = cell.input_gates(inputs)
        if gates.dtype in _GATE_DTYPES:
            lengths = None if lengths is None else lengths.contiguous()
            outputs, final = _GatedScan.apply(  # type: ignore[no-untyped-call]
                kernel_cell, lengths, gates, state.hidden_state
            )
            return outputs, DiagonalState(hidden_state=final)
    return run_diagonal(
        cell, inputs, state=state, lengths=lengths, noise=NO_LAYER_NOISE, recurrence=recurrence
    )


def recurrence(a: Tensor, b: Tensor, *, initial: Tensor) -> Tensor:
    """Return all h of h[t] = a[t]∘h[t-1] + b[t], (time, batch, hidden).

    Args:
        a: (time, batch, hidden), float32 or float64.
        b: (time, batch, hidden).
        initial: h[0], (batch, hidden).

    Example:
        >>> ones = torch.ones(3, 1, 1)
        >>> recurrence(2 * ones, ones, initial=torch.zeros(1, 1)).flatten()  # doctest: +SKIP
        tensor([1., 3., 7.])
    """
    states: Tensor = _Recurrence.apply(a, b, initial)  # type: ignore[no-untyped-call]
    return states


class _GatedScan(torch.autograd.Function):
    """From the preactivations of a minGRU or minLSTM to its states; differentiable once."""

    @staticmethod
    def forward(
        ctx: Any, cell: str, lengths: Tensor | None, gates: Tensor, initial: Tensor
    ) -> tuple[Tensor, Tensor]:
        gates, initial = gates.contiguous(), initial.contiguous()
        rows, steps, _ = gates.shape
        outputs = gates.new_empty(rows, steps, initial.shape[1])
        final = torch.empty_like(initial)
        ctx.options = {
            "cell": cell,
            "lengths": lengths,
            "num_threads": kernel_threads(outputs.numel(), a_thread=_ENTRIES_PER_THREAD),
        }
        load_kernels().diagonal_forward(
            gates.detach(),
            initial_hidden=initial.detach(),
            outputs=outputs,
            final_hidden=final,
            **ctx.options,
        )
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(gates, initial, outputs)
        return outputs, final

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(
        ctx: Any, grad_outputs: Tensor | None, grad_final: Tensor | None
    ) -> tuple[None, None, Tensor, Tensor]:
        gates, initial, outputs = ctx.saved_tensors
        grad_gates = torch.empty_like(gates)
        # The kernel overwrites the final state's gradient with that of the initial state.
        grad_hidden = (
            torch.zeros_like(initial)
            if grad_final is None
            else grad_final.clone(memory_format=torch.contiguous_format)
        )
        load_kernels().diagonal_backward(
            gates,
            initial_hidden=initial,
            outputs=outputs,
            grad_outputs=None if grad_outputs is None else grad_outputs.contiguous(),
            grad_gates=grad_gates,
            grad_hidden=grad_hidden,
            **ctx.options,
        )
        return None, None, grad_gates, grad_hidden


class _Recurrence(torch.autograd.Function):
    """h = a∘h⁻ + b over time; differentiable once."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, initial: Tensor) -> Tensor:
        a, b, initial = a.contiguous(), b.contiguous(), initial.contiguous()
        states = torch.empty_like(b)
        ctx.num_threads = kernel_threads(b.numel(), a_thread=_ENTRIES_PER_THREAD)
        load_kernels().recurrence_forward(
            a.detach().flatten(1),
            b.detach().flatten(1),
            initial=initial.detach().flatten(),
            states=states.flatten(1),
            num_threads=ctx.num_threads,
        )
        ctx.save_for_backward(a, initial, states)
        return states

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad_states: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        a, initial, states = ctx.saved_tensors
        grad_a, grad_b, grad_initial = (torch.empty_like(each) for each in (a, a, initial))
        load_kernels().recurrence_backward(
            a.flatten(1),
            initial=initial.flatten(),
            states=states.flatten(1),
            grad_states=grad_states.contiguous().flatten(1),
            grad_decays=grad_a.flatten(1),
            grad_updates=grad_b.flatten(1),
            grad_initial=grad_initial.flatten(),
            num_threads=ctx.num_threads,
        )
        return grad_a, grad_b, grad_initial

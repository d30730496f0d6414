"""Shared code of the backends for diagonal cells: the coefficients of a whole window.

Rows beyond their length, and entries that zoneout keeps, have a = 1 and b = 0: h[t] = h[t-1].
"""

from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from nextword.cells import Coefficients, DiagonalCell, DiagonalState
from nextword.recurrent.noise import LayerNoise


@runtime_checkable
class Recurrence(Protocol):
    """A function from the coefficients of a window to its hidden states."""

    def __call__(self, a: Tensor, b: Tensor, *, initial: Tensor) -> Tensor:
        """Map a and b, (time, batch, hidden), and h[0], (batch, hidden), to all h."""
        ...


def run_diagonal(
    cell: DiagonalCell,
    inputs: Tensor,
    *,
    state: DiagonalState,
    lengths: Tensor | None,
    noise: LayerNoise,
    recurrence: Recurrence,
) -> tuple[Tensor, DiagonalState]:
    """Run a diagonal layer; arguments and results as in the reference."""
    steps = inputs.transpose(0, 1)
    gates = cell.input_gates(steps).to(state.hidden_state.dtype)
    a, b = cell.coefficients(cell.gates(gates))
    for share in noise.held:
        a, b = _hold(a, b, share)
    if lengths is None:
        outputs = recurrence(a, b, initial=state.hidden_state)
        return outputs.transpose(0, 1), DiagonalState(hidden_state=outputs[-1])
    ended = (torch.arange(len(steps), device=lengths.device)[:, None] >= lengths)[:, :, None]
    a, b = a.masked_fill(ended, 1.0), b.masked_fill(ended, 0.0)
    outputs = recurrence(a, b, initial=state.hidden_state)
    masked = outputs.masked_fill(ended, 0.0)
    return masked.transpose(0, 1), DiagonalState(hidden_state=outputs[-1])


def _hold(a: Tensor, b: Tensor, share: Tensor) -> Coefficients:
    """Return the coefficients of h = share∘h⁻ + (1 - share)∘(a∘h⁻ + b)."""
    return Coefficients(decay=share + (1 - share) * a, update=(1 - share) * b)

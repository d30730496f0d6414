"""Diagonal cells in parallel over time: about log2(time) rounds over the whole window.

After round k every step is composed with the 2^k - 1 before it. It computes more than a loop does,
so it pays where many steps fit on the device at once: on a GPU, not on a CPU.

Source: [hillis1986]; on recurrences of this form [blelloch1990] and [martin2018].
"""

import torch
from torch import Tensor

from nextword.cells import AnyCell, CellState, DiagonalCell, DiagonalState
from nextword.recurrent.backends.diagonal import run_diagonal
from nextword.recurrent.noise import NO_LAYER_NOISE, LayerNoise, NoiseKind
from nextword.tensors import Embeddings, Hidden, Lengths

NOISE: frozenset[NoiseKind] = frozenset({"zoneout"})


def supports(cell: AnyCell) -> bool:
    """Return whether the cell's gates depend on the inputs only."""
    return isinstance(cell, DiagonalCell)


def is_worthwhile(cell: AnyCell) -> bool:
    """Return whether a scan is faster than a loop: on a GPU."""
    return cell.get_parameter("weight_ih").device.type != "cpu"


def run_layer(
    cell: AnyCell,
    inputs: Embeddings,
    *,
    state: CellState,
    lengths: Lengths | None,
    noise: LayerNoise = NO_LAYER_NOISE,
) -> tuple[Hidden, CellState]:
    """Run a layer; arguments and results as in the reference."""
    assert isinstance(cell, DiagonalCell)
    assert isinstance(state, DiagonalState)
    return run_diagonal(cell, inputs, state=state, lengths=lengths, noise=noise, recurrence=scan)


def scan(a: Tensor, b: Tensor, *, initial: Tensor) -> Tensor:
    """Return all h of h[t] = a[t]∘h[t-1] + b[t], (time, batch, hidden).

    Args:
        a: (time, batch, hidden).
        b: (time, batch, hidden).
        initial: h[0], (batch, hidden).

    Example:
        >>> ones = torch.ones(3, 1, 1)
        >>> scan(2 * ones, ones, initial=torch.zeros(1, 1)).flatten()
        tensor([1., 3., 7.])
    """
    b = torch.cat([(a[0] * initial + b[0])[None], b[1:]])
    distance = 1
    while distance < len(a):
        b = torch.cat([b[:distance], a[distance:] * b[:-distance] + b[distance:]])
        a = torch.cat([a[:distance], a[distance:] * a[:-distance]])
        distance *= 2
    return b

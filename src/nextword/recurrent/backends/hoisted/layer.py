"""Everything that does not depend on time leaves the loop: torch alone, no compiler.

The inputs' product is one for the whole window, and so are the gradients of both matrices and of
the inputs. Inside the loop stand the recurrent product and the cell's own `Pointwise`, there and
back by hand. Under bfloat16 autocast the operands of products are bfloat16; states and sums are
float32.
"""

from functools import partial

import torch
from torch import Tensor

from nextword.cells import AnyCell, CellState, DiagonalCell, DiagonalState, LstmCell, Pointwise
from nextword.recurrent.backends.diagonal import run_diagonal
from nextword.recurrent.backends.hoisted.diagonal_loop import DiagonalLoop
from nextword.recurrent.backends.hoisted.time_loop import LoopOptions, TimeLoop
from nextword.recurrent.noise import EVERY_KIND, NO_LAYER_NOISE, LayerNoise
from nextword.tensors import Embeddings, Hidden, Lengths, has_fast_bfloat16, product_dtype

NOISE = EVERY_KIND
#: Below, the loop costs an LSTM more than better products give, as measured on a CPU.
_LSTM_SIZE_THAT_PAYS = 512


def supports(cell: AnyCell) -> bool:
    """Whether the cell says how it is run by hand, or is diagonal."""
    return isinstance(cell, DiagonalCell) or cell.pointwise() is not None


def is_worthwhile(cell: AnyCell) -> bool:
    """Whether this is faster than torch's own layers, where those can run the cell.

    On a GPU cuDNN is. On a CPU torch steps through GRU and Elman layers one call at a time, and
    its LSTM is slow in one case, going back in bfloat16 through a wide layer.
    """
    device = cell.get_parameter("weight_ih").device
    if device.type != "cpu":
        return False
    if isinstance(cell, LstmCell):
        return cell.hidden_size >= _LSTM_SIZE_THAT_PAYS and has_fast_bfloat16(device)
    return True


def run_layer(
    cell: AnyCell,
    inputs: Embeddings,
    state: CellState,
    lengths: Lengths | None,
    noise: LayerNoise = NO_LAYER_NOISE,
) -> tuple[Hidden, CellState]:
    """Run a layer; arguments and results as in the reference."""
    if isinstance(cell, DiagonalCell):
        assert isinstance(state, DiagonalState)
        loop = partial(_diagonal_loop, threshold=noise.state_threshold)
        return run_diagonal(cell, inputs, state, lengths, noise, recurrence=loop)
    pointwise = cell.pointwise()
    assert pointwise is not None
    return _run_by_hand(cell, pointwise, inputs, state, lengths, noise)


def _diagonal_loop(a: Tensor, b: Tensor, initial: Tensor, *, threshold: float | None) -> Tensor:
    states: Tensor = DiagonalLoop.apply(a, b, initial, threshold)  # type: ignore[no-untyped-call]
    return states


def _run_by_hand(
    cell: AnyCell,
    pointwise: Pointwise,
    inputs: Tensor,
    state: CellState,
    lengths: Tensor | None,
    noise: LayerNoise,
) -> tuple[Tensor, CellState]:
    """Run a layer that has a recurrent matrix."""
    ended = None if lengths is None else _ended(lengths, inputs.shape[1])
    input_gates = cell.input_gates(inputs.transpose(0, 1).contiguous())
    options = LoopOptions(
        pointwise=pointwise,
        num_parts=len(state),
        dtype=product_dtype(input_gates),
        mask=noise.step.mask,
        held=_held(state, noise, ended),
        threshold=noise.state_threshold,
    )
    hidden_states, *final = TimeLoop.apply(  # type: ignore[no-untyped-call]
        options,
        input_gates,
        noise.step.matrix(cell.get_parameter("weight_hh")),
        *state,
        *(cell.get_parameter(name) for name in pointwise.others),
    )
    outputs = cell.outputs(hidden_states).transpose(0, 1)
    if ended is not None:
        outputs = outputs.masked_fill(ended.transpose(0, 1), 0.0)
    return outputs, type(state)(*final)


def _ended(lengths: Tensor, num_steps: int) -> Tensor:
    """Say where rows have ended, (time, batch, 1)."""
    steps = torch.arange(num_steps, device=lengths.device)
    return (steps[:, None] >= lengths)[:, :, None]


def _held(state: CellState, noise: LayerNoise, ended: Tensor | None) -> tuple[Tensor, ...]:
    """Give what share of each part of the state stays as it was, (time, batch or 1, width or 1).

    A row that has ended keeps everything.
    """
    if ended is None:
        return noise.held
    if not noise.held:
        return tuple(ended.to(part.dtype) for part in state)
    return tuple(torch.where(ended, 1.0, share) for share in noise.held)

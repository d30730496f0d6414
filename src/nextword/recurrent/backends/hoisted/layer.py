"""A layer in pure torch, with all work that does not depend on time outside the loop.

The product with the inputs is one for the whole window, and so are the gradients of both matrices
and of the inputs. The loop runs the recurrent product and the cell's manual forward and backward
pass. Under bfloat16 autocast the operands of products are bfloat16; states and sums are float32.
"""

from functools import partial

import torch
from torch import Tensor

from nextword.cells import AnyCell, CellState, DiagonalCell, DiagonalState, LstmCell, ManualBackward
from nextword.recurrent.backends.diagonal import run_diagonal
from nextword.recurrent.backends.hoisted.diagonal_loop import run_diagonal_loop
from nextword.recurrent.backends.hoisted.time_loop import LoopOptions, run_time_loop
from nextword.recurrent.noise import EVERY_KIND, NO_LAYER_NOISE, LayerNoise
from nextword.tensors import Embeddings, Hidden, Lengths, has_fast_bfloat16, product_dtype

NOISE = EVERY_KIND
#: Below this size the loop costs an LSTM more time than faster products save (CPU, measured).
_LSTM_SIZE_THAT_PAYS = 512


def supports(cell: AnyCell) -> bool:
    """Return whether the cell has a manual backward pass or is diagonal."""
    return isinstance(cell, DiagonalCell) or cell.manual_backward() is not None


def is_worthwhile(cell: AnyCell) -> bool:
    """Return whether this is faster than torch's fused layers, if those support the cell.

    On a GPU cuDNN is faster. On a CPU torch runs GRU and Elman layers with one call per step, and
    its LSTM is slow in one case: the backward pass of a wide layer in bfloat16.
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
    *,
    state: CellState,
    lengths: Lengths | None,
    noise: LayerNoise = NO_LAYER_NOISE,
) -> tuple[Hidden, CellState]:
    """Run a layer; arguments and results as in the reference."""
    if isinstance(cell, DiagonalCell):
        assert isinstance(state, DiagonalState)
        loop = partial(run_diagonal_loop, threshold=noise.state_threshold)
        return run_diagonal(
            cell, inputs, state=state, lengths=lengths, noise=noise, recurrence=loop
        )
    manual = cell.manual_backward()
    assert manual is not None
    return _run_manually(cell, manual, inputs, state, lengths, noise)


def _run_manually(
    cell: AnyCell,
    manual: ManualBackward,
    inputs: Tensor,
    state: CellState,
    lengths: Tensor | None,
    noise: LayerNoise,
) -> tuple[Tensor, CellState]:
    """Run a layer that has a recurrent matrix."""
    ended = None if lengths is None else _ended(lengths, inputs.shape[1])
    input_gates = cell.input_gates(inputs.transpose(0, 1).contiguous())
    options = LoopOptions(
        manual=manual,
        num_parts=len(state),
        dtype=product_dtype(input_gates),
        mask=noise.step.mask,
        held=_held(state, noise, ended),
        threshold=noise.state_threshold,
    )
    hidden_states, final = run_time_loop(
        input_gates,
        noise.step.matrix(cell.get_parameter("weight_hh")),
        state=state,
        other_weights=[cell.get_parameter(name) for name in manual.other_weights],
        options=options,
    )
    outputs = cell.outputs(hidden_states).transpose(0, 1)
    if ended is not None:
        outputs = outputs.masked_fill(ended.transpose(0, 1), 0.0)
    return outputs, type(state)(*final)


def _ended(lengths: Tensor, num_steps: int) -> Tensor:
    """Return which rows have ended before each step, (time, batch, 1)."""
    steps = torch.arange(num_steps, device=lengths.device)
    return (steps[:, None] >= lengths)[:, :, None]


def _held(state: CellState, noise: LayerNoise, ended: Tensor | None) -> tuple[Tensor, ...]:
    """Return the weight of the old state for each part, (time, batch or 1, width or 1).

    It is 1 for a row that has ended.
    """
    if ended is None:
        return noise.held
    if not noise.held:
        return tuple(ended.to(part.dtype) for part in state)
    return tuple(torch.where(ended, 1.0, share) for share in noise.held)

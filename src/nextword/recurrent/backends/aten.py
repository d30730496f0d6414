"""torch's own fused layers: oneDNN on a CPU, cuDNN on a GPU. LSTM and Elman with tanh or ReLU.

One call a layer, so that cuDNN's persistent kernels can be chosen. Rows of unequal length are
packed, which makes torch leave a finished row's state alone.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from nextword.cells import AnyCell, CellState, ElmanCell, ElmanState, LstmCell, LstmState
from nextword.tensors import Embeddings, Hidden, Lengths

_ELMAN: dict[str, Callable[..., tuple[Tensor, Tensor]]] = {
    "tanh": torch.rnn_tanh,
    "relu": torch.rnn_relu,
}


def supports(cell: AnyCell) -> bool:
    """Whether torch has this cell."""
    if isinstance(cell, ElmanCell):
        return cell.nonlinearity in _ELMAN
    return isinstance(cell, LstmCell)


def run_layer(
    cell: AnyCell, inputs: Embeddings, state: CellState, lengths: Lengths | None
) -> tuple[Hidden, CellState]:
    """Run a layer through torch; arguments and results as in the reference."""
    batch_size, num_steps, _ = inputs.shape
    if batch_size == 0 or num_steps == 0:
        return inputs.new_zeros(batch_size, num_steps, cell.hidden_size), state
    if lengths is None:
        return _run_full(cell, inputs, state)
    return _run_packed(cell, inputs, state, lengths)


def _run_full(cell: AnyCell, inputs: Tensor, state: CellState) -> tuple[Tensor, CellState]:
    parts = tuple(part.unsqueeze(0).contiguous() for part in state)
    options = (True, 1, 0.0, torch.is_grad_enabled(), False, True)
    if isinstance(cell, LstmCell):
        outputs, *final = torch.lstm(inputs, parts, _weights(cell), *options)
    else:
        outputs, *final = _elman(cell)(inputs, parts[0], _weights(cell), *options)
    return outputs, _as_state(cell, final, like=state)


def _run_packed(
    cell: AnyCell, inputs: Tensor, state: CellState, lengths: Tensor
) -> tuple[Tensor, CellState]:
    """Sort the rows by falling length, leave out empty ones, and undo both afterwards."""
    order = torch.argsort(lengths, descending=True, stable=True)
    order = order[: int((lengths > 0).sum())]
    outputs = inputs.new_zeros(*inputs.shape[:2], cell.hidden_size)
    if len(order) == 0:
        return outputs, state
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        inputs[order], lengths[order].cpu(), batch_first=True
    )
    parts = tuple(part[order].unsqueeze(0) for part in state)
    options = (True, 1, 0.0, torch.is_grad_enabled(), False)
    if isinstance(cell, LstmCell):
        data, *final = torch.lstm(packed.data, packed.batch_sizes, parts, _weights(cell), *options)
    else:
        data, *final = _elman(cell)(
            packed.data, packed.batch_sizes, parts[0], _weights(cell), *options
        )
    padded, _ = torch.nn.utils.rnn.pad_packed_sequence(
        torch.nn.utils.rnn.PackedSequence(data, packed.batch_sizes),
        batch_first=True,
        total_length=inputs.shape[1],
    )
    outputs = outputs.to(padded.dtype).index_copy(0, order, padded)
    reached = _as_state(cell, final, like=state)
    merged = [
        before.index_copy(0, order, after.to(before.dtype))
        for before, after in zip(state, reached, strict=True)
    ]
    return outputs, type(state)(*merged)


def _elman(cell: AnyCell) -> Callable[..., tuple[Tensor, Tensor]]:
    return _ELMAN[str(cell.nonlinearity)]


def _weights(cell: AnyCell) -> list[Tensor]:
    """Give torch's four weights; its second bias is zero, for the lectures have one."""
    weight_ih, weight_hh, bias = (
        getattr(cell, name) for name in ("weight_ih", "weight_hh", "bias")
    )
    return [weight_ih, weight_hh, bias, torch.zeros_like(bias)]


def _as_state(cell: AnyCell, final: list[Tensor], *, like: CellState) -> CellState:
    """Name the final state's parts; the state keeps its number format under autocast."""
    parts = [part.squeeze(0).to(like[0].dtype) for part in final]
    return LstmState(*parts) if isinstance(cell, LstmCell) else ElmanState(*parts)

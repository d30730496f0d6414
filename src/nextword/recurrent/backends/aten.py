"""torch's own fused layers: oneDNN on a CPU, cuDNN on a GPU.

They have the LSTM, the GRU and Elman's cell with tanh or ReLU; on a GPU the projected LSTM too.
Each layer is one call, so that cuDNN can choose its persistent kernels. Rows of unequal length are
packed, which makes torch leave a finished row's state alone.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from nextword.cells import AnyCell, CellState, ElmanCell, GruCell, LstmCell, ProjectedLstmCell
from nextword.recurrent.noise import NO_LAYER_NOISE, LayerNoise, NoiseKind
from nextword.tensors import Embeddings, Hidden, Lengths, has_onednn_bfloat16

#: DropConnect only changes the weights; all other noise acts inside the loop of torch.
NOISE: frozenset[NoiseKind] = frozenset({"weight_dropout"})
_ELMAN: dict[str, Callable[..., tuple[Tensor, Tensor]]] = {
    "tanh": torch.rnn_tanh,
    "relu": torch.rnn_relu,
}


def supports(cell: AnyCell) -> bool:
    """Return whether torch has a fused layer for this cell."""
    if isinstance(cell, ElmanCell):
        return cell.nonlinearity in _ELMAN
    if isinstance(cell, ProjectedLstmCell):
        # torch requires projection_size < hidden_size, and has no fused projection on a CPU.
        is_narrower = cell.projection_size < cell.hidden_size
        return is_narrower and cell.weight_ih.device.type != "cpu"
    return isinstance(cell, LstmCell | GruCell)


def run_layer(
    cell: AnyCell,
    inputs: Embeddings,
    *,
    state: CellState,
    lengths: Lengths | None,
    noise: LayerNoise = NO_LAYER_NOISE,
) -> tuple[Hidden, CellState]:
    """Run a layer with torch; arguments and results as in the reference."""
    weights = _weights(cell, noise.step.matrix(cell.get_parameter("weight_hh")))
    if lengths is None:
        return _run_full(cell, inputs, state, weights)
    return _run_packed(cell, inputs, state, lengths, weights)


def _run_full(
    cell: AnyCell, inputs: Tensor, state: CellState, weights: list[Tensor]
) -> tuple[Tensor, CellState]:
    parts = tuple(part.unsqueeze(0).contiguous() for part in state)
    options = (True, 1, 0.0, torch.is_grad_enabled(), False, True)
    if not _can_autocast(cell, inputs):
        with torch.autocast("cpu", enabled=False):
            inputs = inputs.to(weights[0].dtype)
            outputs, *final = _function(cell)(inputs, _begin(parts), weights, *options)
            return outputs, _as_state(final, like=state)
    outputs, *final = _function(cell)(inputs, _begin(parts), weights, *options)
    return outputs, _as_state(final, like=state)


def _can_autocast(cell: AnyCell, inputs: Tensor) -> bool:
    """Return whether torch has the layer in the dtype of autocast.

    On a CPU without AVX-512 its LSTM fails under bfloat16 autocast. It runs in float32 there.
    """
    is_autocast = inputs.device.type == "cpu" and torch.is_autocast_enabled("cpu")
    return not (is_autocast and isinstance(cell, LstmCell)) or has_onednn_bfloat16()


def _run_packed(
    cell: AnyCell, inputs: Tensor, state: CellState, lengths: Tensor, weights: list[Tensor]
) -> tuple[Tensor, CellState]:
    """Run the rows sorted by descending length without empty ones, and restore their order."""
    order = torch.argsort(lengths, descending=True, stable=True)
    order = order[: int((lengths > 0).sum())]
    outputs = inputs.new_zeros(*inputs.shape[:2], cell.output_size)
    if len(order) == 0:
        return outputs, state
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        inputs[order], lengths[order].cpu(), batch_first=True
    )
    parts = tuple(part[order].unsqueeze(0) for part in state)
    options = (True, 1, 0.0, torch.is_grad_enabled(), False)
    data, *final = _function(cell)(
        packed.data, packed.batch_sizes, _begin(parts), weights, *options
    )
    padded, _ = torch.nn.utils.rnn.pad_packed_sequence(
        torch.nn.utils.rnn.PackedSequence(data, packed.batch_sizes),
        batch_first=True,
        total_length=inputs.shape[1],
    )
    outputs = outputs.to(padded.dtype).index_copy(0, order, padded)
    reached = _as_state(final, like=state)
    merged = [
        before.index_copy(0, order, after.to(before.dtype))
        for before, after in zip(state, reached, strict=True)
    ]
    return outputs, type(state)(*merged)


def _function(cell: AnyCell) -> Callable[..., tuple[Tensor, ...]]:
    """Return torch's function for a cell."""
    if isinstance(cell, LstmCell | ProjectedLstmCell):
        return torch.lstm
    if isinstance(cell, GruCell):
        return torch.gru
    return _ELMAN[str(cell.nonlinearity)]


def _begin(parts: tuple[Tensor, ...]) -> tuple[Tensor, ...] | Tensor:
    """Return the initial state in torch's form: one tensor for a state of one part."""
    return parts if len(parts) > 1 else parts[0]


def _weights(cell: AnyCell, weight_hh: Tensor) -> list[Tensor]:
    """Return torch's weights; the second bias is zero if the cell has only one."""
    weight_ih, bias = cell.get_parameter("weight_ih"), cell.get_parameter("bias")
    second_bias = torch.zeros_like(bias)
    if isinstance(cell, GruCell):
        second_bias = torch.cat([second_bias[: 2 * cell.hidden_size], cell.recurrent_bias])
    projection = [cell.weight_hr] if isinstance(cell, ProjectedLstmCell) else []
    return [weight_ih, weight_hh, bias, second_bias, *projection]


def _as_state(final: Sequence[Tensor], *, like: CellState) -> CellState:
    """Return the final state as the cell's container, in its dtype even under autocast."""
    return type(like)(*(part.squeeze(0).to(like[0].dtype) for part in final))

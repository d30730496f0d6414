"""Backends with one planted fault each, made from the reference."""

from dataclasses import replace

import torch
from torch import Tensor

from nextword.cells import NO_NOISE, AnyCell, CellState, LstmCell, LstmState, StepNoise, lstm_step
from nextword.recurrent.backends import reference
from nextword.recurrent.noise import LayerNoise

Result = tuple[Tensor, CellState]


class WeightedLstm(LstmCell):
    """An LSTM cell that computes with other weights than its own."""

    def __init__(
        self, cell: LstmCell, *, weight_ih: Tensor, weight_hh: Tensor, bias: Tensor
    ) -> None:
        super().__init__(cell.input_size, cell.hidden_size)
        self.used = {"weight_ih": weight_ih, "weight_hh": weight_hh, "bias": bias}

    def step(
        self, inputs: Tensor, state: LstmState, *, noise: StepNoise = NO_NOISE
    ) -> tuple[Tensor, LstmState]:
        after = lstm_step(inputs, state, **self.used)
        return after.hidden_state, after


def altered(
    cell: AnyCell,
    *,
    weight_ih: Tensor | None = None,
    weight_hh: Tensor | None = None,
    bias: Tensor | None = None,
) -> WeightedLstm:
    assert isinstance(cell, LstmCell)
    return WeightedLstm(
        cell,
        weight_ih=cell.weight_ih if weight_ih is None else weight_ih,
        weight_hh=cell.weight_hh if weight_hh is None else weight_hh,
        bias=cell.bias if bias is None else bias,
    )


def ignores_lengths(
    cell: AnyCell, inputs: Tensor, *, state: CellState, lengths: Tensor | None
) -> Result:
    return reference.run_layer(cell, inputs, state=state, lengths=None)


def shows_padding(
    cell: AnyCell, inputs: Tensor, *, state: CellState, lengths: Tensor | None
) -> Result:
    _, final = reference.run_layer(cell, inputs, state=state, lengths=lengths)
    return reference.run_layer(cell, inputs, state=state, lengths=None)[0], final


def state_of_padded_end(
    cell: AnyCell, inputs: Tensor, *, state: CellState, lengths: Tensor | None
) -> Result:
    outputs, _ = reference.run_layer(cell, inputs, state=state, lengths=lengths)
    return outputs, reference.run_layer(cell, inputs, state=state, lengths=None)[1]


def ignores_initial_state(
    cell: AnyCell, inputs: Tensor, *, state: CellState, lengths: Tensor | None
) -> Result:
    return reference.run_layer(cell, inputs, state=cell.initial_state(len(inputs)), lengths=lengths)


def swaps_gates(
    cell: AnyCell, inputs: Tensor, *, state: CellState, lengths: Tensor | None
) -> Result:
    def swap(weight: Tensor) -> Tensor:
        i, f, g, o = weight.chunk(4)
        return torch.cat([f, i, g, o])

    swapped = altered(
        cell,
        weight_ih=swap(cell.weight_ih),
        weight_hh=swap(cell.weight_hh),
        bias=swap(cell.bias),
    )
    return reference.run_layer(swapped, inputs, state=state, lengths=lengths)


def drops_bias(
    cell: AnyCell, inputs: Tensor, *, state: CellState, lengths: Tensor | None
) -> Result:
    without = altered(cell, bias=torch.zeros_like(cell.bias))
    return reference.run_layer(without, inputs, state=state, lengths=lengths)


def cuts_gradient_of_inputs(
    cell: AnyCell, inputs: Tensor, *, state: CellState, lengths: Tensor | None
) -> Result:
    return reference.run_layer(cell, inputs.detach(), state=state, lengths=lengths)


def cuts_gradient_of_state(
    cell: AnyCell, inputs: Tensor, *, state: CellState, lengths: Tensor | None
) -> Result:
    cut = type(state)(*(part.detach() for part in state))
    return reference.run_layer(cell, inputs, state=cut, lengths=lengths)


def halves_gradient_of_weights(
    cell: AnyCell, inputs: Tensor, *, state: CellState, lengths: Tensor | None
) -> Result:
    half = 0.5 * (cell.weight_hh + cell.weight_hh.detach())
    return reference.run_layer(altered(cell, weight_hh=half), inputs, state=state, lengths=lengths)


def ignores_mask(
    cell: AnyCell, inputs: Tensor, *, state: CellState, lengths: Tensor | None, noise: LayerNoise
) -> Result:
    step = replace(noise.step, mask=None)
    return reference.run_layer(
        cell, inputs, state=state, lengths=lengths, noise=replace(noise, step=step)
    )


def ignores_dropped_connections(
    cell: AnyCell, inputs: Tensor, *, state: CellState, lengths: Tensor | None, noise: LayerNoise
) -> Result:
    step = replace(noise.step, weight_hh=None)
    return reference.run_layer(
        cell, inputs, state=state, lengths=lengths, noise=replace(noise, step=step)
    )


def ignores_zoneout(
    cell: AnyCell, inputs: Tensor, *, state: CellState, lengths: Tensor | None, noise: LayerNoise
) -> Result:
    return reference.run_layer(
        cell, inputs, state=state, lengths=lengths, noise=replace(noise, held=())
    )


def zones_out_hidden_alone(
    cell: AnyCell, inputs: Tensor, *, state: CellState, lengths: Tensor | None, noise: LayerNoise
) -> Result:
    held = (noise.held[0], *(torch.zeros_like(share) for share in noise.held[1:]))
    return reference.run_layer(
        cell, inputs, state=state, lengths=lengths, noise=replace(noise, held=held)
    )


def draws_a_mask_a_step(
    cell: AnyCell, inputs: Tensor, *, state: CellState, lengths: Tensor | None, noise: LayerNoise
) -> Result:
    """Turns the mask by one entry at every step."""
    outputs = []
    for time in range(inputs.shape[1]):
        mask = noise.step.mask
        assert mask is not None
        step = replace(noise.step, mask=mask.roll(time, dims=1))
        held = tuple(share[time : time + 1] for share in noise.held)
        counted = None if lengths is None else (lengths - time).clamp(0, 1)
        output, state = reference.run_layer(
            cell,
            inputs[:, time : time + 1],
            state=state,
            lengths=counted,
            noise=replace(noise, step=step, held=held),
        )
        outputs.append(output)
    return torch.cat(outputs, dim=1), state


def ignores_the_limit(
    cell: AnyCell, inputs: Tensor, *, state: CellState, lengths: Tensor | None, noise: LayerNoise
) -> Result:
    unlimited = replace(noise, state_threshold=None)
    return reference.run_layer(cell, inputs, state=state, lengths=lengths, noise=unlimited)


def limits_the_first_state_alone(
    cell: AnyCell, inputs: Tensor, *, state: CellState, lengths: Tensor | None, noise: LayerNoise
) -> Result:
    """Clips once, at the end of the way back."""
    return ignores_the_limit(cell, inputs, state=noise.limited(state), lengths=lengths, noise=noise)

"""What a backend must get right: one check each, and parity with the reference in everything.

All but `check_values` and parity compare a backend with itself, so that one fault fails one check.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor

from cells import MakeCell, biases, numbers, random_cell, random_state
from nextword.cells import NO_NOISE, AnyCell, CellState, StepNoise
from nextword.recurrent.backends import reference
from nextword.recurrent.noise import NO_LAYER_NOISE, LayerNoise

#: (cell, inputs, state, lengths), and the noise where there is any.
RunLayer = Callable[..., tuple[Tensor, CellState]]
Check = Callable[[RunLayer, MakeCell], None]
Shaped = TypeVar("Shaped")

BATCH, TIME, INPUT, HIDDEN = 3, 5, 4, 3


def assert_equal(actual: Shaped, expected: Shaped) -> None:
    torch.testing.assert_close(actual, expected, rtol=1e-9, atol=1e-12)


def check_values(run_layer: RunLayer, make_cell: MakeCell) -> None:
    """From nothing, without bias and padding, the numbers are the reference's."""
    cell, inputs = random_cell(make_cell, INPUT, HIDDEN), numbers(BATCH, TIME, INPUT)
    for bias in biases(cell):
        torch.nn.init.zeros_(bias)

    actual = run_layer(cell, inputs, state=cell.initial_state(BATCH), lengths=None)

    assert_equal(
        actual, reference.run_layer(cell, inputs, state=cell.initial_state(BATCH), lengths=None)
    )


def check_initial_state(run_layer: RunLayer, make_cell: MakeCell) -> None:
    """Two halves, the state carried over, are the whole."""
    cell, inputs = random_cell(make_cell, INPUT, HIDDEN), numbers(BATCH, TIME, INPUT)
    state = random_state(cell, BATCH)

    first, middle = run_layer(cell, inputs[:, :2], state=state, lengths=None)
    second, final = run_layer(cell, inputs[:, 2:], state=middle, lengths=None)

    whole = run_layer(cell, inputs, state=state, lengths=None)
    assert_equal((torch.cat([first, second], 1), final), whole)


def check_bias(run_layer: RunLayer, make_cell: MakeCell) -> None:
    """Every number of every bias moves what comes out."""
    cell, inputs = random_cell(make_cell, INPUT, HIDDEN), numbers(BATCH, TIME, INPUT)
    state = random_state(cell, BATCH)
    before, _ = run_layer(cell, inputs, state=state, lengths=None)
    for number in (bias[index] for bias in biases(cell) for index in range(len(bias))):
        with torch.no_grad():
            number += 1.0
        after, _ = run_layer(cell, inputs, state=state, lengths=None)
        with torch.no_grad():
            number -= 1.0
        assert (after - before).abs().max() > 1e-6


def _ragged(
    run_layer: RunLayer, make_cell: MakeCell
) -> tuple[tuple[Tensor, CellState], list[tuple[Tensor, CellState]]]:
    """A padded batch, and each of its rows run alone without padding."""
    lengths = torch.tensor([2, TIME, 0, 1])
    cell, inputs = random_cell(make_cell, INPUT, HIDDEN), numbers(len(lengths), TIME, INPUT)
    state = random_state(cell, len(lengths))
    alone = []
    for row, length in enumerate(lengths.tolist()):
        row_state = type(state)(*(part[row : row + 1] for part in state))
        alone.append(run_layer(cell, inputs[row : row + 1, :length], state=row_state, lengths=None))
    return run_layer(cell, inputs, state=state, lengths=lengths), alone


def check_lengths_outputs(run_layer: RunLayer, make_cell: MakeCell) -> None:
    """Padding changes no output, and outputs beyond a row's length are zero."""
    (outputs, _), alone = _ragged(run_layer, make_cell)

    for row, (expected, _) in zip(outputs, alone, strict=True):
        length = expected.shape[1]
        assert_equal(row[:length], expected[0])
        assert_equal(row[length:], torch.zeros_like(row[length:]))


def check_lengths_final_state(run_layer: RunLayer, make_cell: MakeCell) -> None:
    """The final state is that after each row's last step that counts."""
    (_, final), alone = _ragged(run_layer, make_cell)

    for index, part in enumerate(final):
        assert_equal(part, torch.cat([row_final[index] for _, row_final in alone]))


def _gradcheck(run_layer: RunLayer, make_cell: MakeCell, which: str) -> None:
    cell, inputs = random_cell(make_cell, INPUT, HIDDEN), numbers(2, 3, INPUT)
    state = random_state(cell, 2)
    groups = {"inputs": [inputs], "state": list(state), "weights": list(cell.parameters())}
    for name, group in groups.items():
        for tensor in group:
            tensor.requires_grad_(name == which)

    def run(*_: Tensor) -> tuple[Tensor, ...]:
        outputs, final = run_layer(cell, inputs, state=state, lengths=None)
        return (outputs, *final)

    assert torch.autograd.gradcheck(run, groups[which], raise_exception=False)


def check_gradient_of_inputs(run_layer: RunLayer, make_cell: MakeCell) -> None:
    _gradcheck(run_layer, make_cell, "inputs")


def check_gradient_of_state(run_layer: RunLayer, make_cell: MakeCell) -> None:
    _gradcheck(run_layer, make_cell, "state")


def check_gradient_of_weights(run_layer: RunLayer, make_cell: MakeCell) -> None:
    _gradcheck(run_layer, make_cell, "weights")


CHECKS: tuple[Check, ...] = (
    check_values,
    check_initial_state,
    check_bias,
    check_lengths_outputs,
    check_lengths_final_state,
    check_gradient_of_inputs,
    check_gradient_of_state,
    check_gradient_of_weights,
)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One call of a layer."""

    cell: AnyCell
    inputs: Tensor
    state: CellState
    lengths: Tensor | None
    noise: LayerNoise = NO_LAYER_NOISE

    @property
    def leaves(self) -> list[Tensor]:
        return [self.inputs, *self.state, *self.cell.parameters()]


def make_case(
    make_cell: MakeCell, *, sizes: tuple[int, int], batch: tuple[int, int], lengths: str
) -> Case:
    cell = random_cell(make_cell, *sizes)
    batch_size, num_steps = batch
    counted = {
        "all": None,
        "full": torch.full((batch_size,), num_steps),
        "ragged": torch.tensor([num_steps // 2, num_steps, 0][:batch_size], dtype=torch.int64),
        "empty": torch.zeros(batch_size, dtype=torch.int64),
    }
    return Case(
        cell=cell,
        inputs=numbers(batch_size, num_steps, sizes[0]),
        state=random_state(cell, batch_size),
        lengths=counted[lengths],
    )


def gradients(results: tuple[Tensor, CellState], case: Case) -> Sequence[Tensor]:
    """Of a fixed mixture of everything that comes out, with respect to everything that goes in."""
    generator = torch.Generator().manual_seed(3)
    parts = [results[0], *results[1]]
    loss = sum(
        (part * torch.randn(part.shape, generator=generator, dtype=part.dtype)).sum()
        for part in parts
    )
    assert isinstance(loss, Tensor)
    return torch.autograd.grad(
        loss, case.leaves, allow_unused=True, materialize_grads=True, retain_graph=True
    )


def check_parity(run_layer: RunLayer, case: Case) -> None:
    """Outputs, final state and all gradients are the reference's."""
    options: dict[str, Any] = {"state": case.state, "lengths": case.lengths}
    if case.noise is not NO_LAYER_NOISE:
        options["noise"] = case.noise

    actual = run_layer(case.cell, case.inputs, **options)
    expected = reference.run_layer(case.cell, case.inputs, **options)

    assert_equal(actual, expected)
    assert_equal(gradients(actual, case), gradients(expected, case))


def every_noise(cell: AnyCell, *, batch: tuple[int, int]) -> LayerNoise:
    """Noise of every kind that a cell can have, drawn without the regulariser's help."""
    batch_size, num_steps = batch
    step = NO_NOISE
    if cell.has_recurrent_matrix:
        weight = cell.get_parameter("weight_hh")
        mask = 2.0 * (torch.rand(batch_size, weight.shape[1]) < 0.5).double()
        step = StepNoise(mask=mask, weight_hh=weight * (torch.rand_like(weight) < 0.7))
    held = tuple(torch.rand(num_steps, batch_size, size) < 0.4 for size in cell.state_sizes)
    # So low that it changes what most entries hand back.
    return LayerNoise(step=step, held=tuple(part.double() for part in held), state_threshold=0.05)

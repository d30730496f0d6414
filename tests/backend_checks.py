"""What a backend must get right: one check each, and parity with the reference in everything.

All but `check_values` and parity compare a backend with itself, so that one fault fails one check.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from nextword.cells import CellState, ElmanCell, LstmCell
from nextword.recurrent.backends import reference

AnyCell = ElmanCell | LstmCell
RunLayer = Callable[[AnyCell, Tensor, CellState, Tensor | None], tuple[Tensor, CellState]]
MakeCell = Callable[[int, int], AnyCell]
Check = Callable[[RunLayer, MakeCell], None]
Shaped = TypeVar("Shaped")

BATCH, TIME, INPUT, HIDDEN = 3, 5, 4, 3


def numbers(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


def random_cell(make_cell: MakeCell, input_size: int = INPUT, hidden_size: int = HIDDEN) -> AnyCell:
    """A cell in float64 whose bias is not zero."""
    cell = make_cell(input_size, hidden_size).double()
    torch.nn.init.normal_(cell.bias, std=0.5)
    return cell


def random_state(cell: AnyCell, batch_size: int) -> CellState:
    parts = [numbers(batch_size, cell.hidden_size) for _ in cell.state_names]
    return type(cell.initial_state(0))(*parts)


def assert_equal(actual: Shaped, expected: Shaped) -> None:
    torch.testing.assert_close(actual, expected, rtol=1e-9, atol=1e-12)


def check_values(run_layer: RunLayer, make_cell: MakeCell) -> None:
    """From nothing, without bias and padding, the numbers are the reference's."""
    cell, inputs = random_cell(make_cell), numbers(BATCH, TIME, INPUT)
    torch.nn.init.zeros_(cell.bias)

    actual = run_layer(cell, inputs, cell.initial_state(BATCH), None)

    assert_equal(actual, reference.run_layer(cell, inputs, cell.initial_state(BATCH), None))


def check_initial_state(run_layer: RunLayer, make_cell: MakeCell) -> None:
    """Two halves, the state carried over, are the whole."""
    cell, inputs = random_cell(make_cell), numbers(BATCH, TIME, INPUT)
    state = random_state(cell, BATCH)

    first, middle = run_layer(cell, inputs[:, :2], state, None)
    second, final = run_layer(cell, inputs[:, 2:], middle, None)

    whole = run_layer(cell, inputs, state, None)
    assert_equal((torch.cat([first, second], 1), final), whole)


def check_bias(run_layer: RunLayer, make_cell: MakeCell) -> None:
    """A bias is the weight of an input that is always one."""
    cell, inputs = random_cell(make_cell), numbers(BATCH, TIME, INPUT)
    wider = random_cell(make_cell, INPUT + 1)
    with torch.no_grad():
        wider.weight_hh.copy_(cell.weight_hh)
        wider.weight_ih.copy_(torch.cat([cell.weight_ih, cell.bias[:, None]], 1))
        wider.bias.zero_()
    ones = torch.ones(BATCH, TIME, 1, dtype=torch.float64)

    actual = run_layer(cell, inputs, cell.initial_state(BATCH), None)

    widened = torch.cat([inputs, ones], 2)
    assert_equal(actual, run_layer(wider, widened, wider.initial_state(BATCH), None))


def _ragged(
    run_layer: RunLayer, make_cell: MakeCell
) -> tuple[tuple[Tensor, CellState], list[tuple[Tensor, CellState]]]:
    """A padded batch, and each of its rows run alone without padding."""
    lengths = torch.tensor([2, TIME, 0, 1])
    cell, inputs = random_cell(make_cell), numbers(len(lengths), TIME, INPUT)
    state = random_state(cell, len(lengths))
    alone = []
    for row, length in enumerate(lengths.tolist()):
        row_state = type(state)(*(part[row : row + 1] for part in state))
        alone.append(run_layer(cell, inputs[row : row + 1, :length], row_state, None))
    return run_layer(cell, inputs, state, lengths), alone


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
    cell, inputs = random_cell(make_cell), numbers(2, 3, INPUT)
    state = random_state(cell, 2)
    groups = {"inputs": [inputs], "state": list(state), "weights": list(cell.parameters())}
    for name, group in groups.items():
        for tensor in group:
            tensor.requires_grad_(name == which)

    def run(*_: Tensor) -> tuple[Tensor, ...]:
        outputs, final = run_layer(cell, inputs, state, None)
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
    return torch.autograd.grad(loss, case.leaves, allow_unused=True, materialize_grads=True)


def check_parity(run_layer: RunLayer, case: Case) -> None:
    """Outputs, final state and all gradients are the reference's."""
    arguments = (case.cell, case.inputs, case.state, case.lengths)

    actual, expected = run_layer(*arguments), reference.run_layer(*arguments)

    assert_equal(actual, expected)
    assert_equal(gradients(actual, case), gradients(expected, case))

from dataclasses import dataclass
from itertools import product

import pytest
import torch
from torch import Tensor

from cells import CELLS, MakeCell, random_cell, random_state
from nextword.cells import AnyCell, CellState, LstmCell
from nextword.recurrent.backends import hoisted, reference

#: Relative L2 error against float64; gradients may err three times as much.
LIMITS = {torch.float32: 1e-5, torch.bfloat16: 2e-2}
#: (hidden, batch, time): odd ones, and those with matrices in a layout of their own.
#: The cells that the backend runs.
HOISTED = {name: make for name, make in CELLS.items() if hoisted.supports(make(1, 1))}

SIZES = [(1, 1, 1), (7, 3, 5), (63, 20, 35)]

#: Dividing by a deviation magnifies what bfloat16 rounds away before it, in the reference as well.
MAGNIFIES_ROUNDING = [(torch.bfloat16, "lstm-layer-norm")]


def results(
    run_layer: object, cell: AnyCell, inputs: Tensor, state: CellState, lengths: Tensor | None
) -> list[Tensor]:
    """Outputs, final state, and gradients with respect to inputs, state and weights."""
    outputs, final = run_layer(cell, inputs, state=state, lengths=lengths)  # type: ignore[operator]
    generator = torch.Generator().manual_seed(1)
    weighed = [
        part.float() * torch.randn(part.shape, generator=generator) for part in (outputs, *final)
    ]
    leaves = [inputs, *state, *cell.parameters()]
    loss = torch.stack([part.sum() for part in weighed]).sum()
    return [outputs, *final, *torch.autograd.grad(loss, leaves)]


def error(actual: Tensor, expected: Tensor) -> float:
    difference = (actual.detach().double() - expected.detach().double()).norm()
    return float(difference / expected.detach().double().norm().clamp(min=1e-2))


@dataclass(frozen=True, kw_only=True)
class Errors:
    """The largest relative errors against float64."""

    forward: float
    gradients: float


def errors_of(
    run_layer: object,
    name: str,
    sizes: tuple[int, int, int],
    *,
    precision: torch.dtype,
    is_ragged: bool,
) -> Errors:
    torch.manual_seed(0)
    hidden_size, batch_size, num_steps = sizes
    cell = random_cell(CELLS[name], 5, hidden_size)
    inputs = torch.randn(batch_size, num_steps, 5, dtype=torch.float64, requires_grad=True)
    state = random_state(cell, batch_size)
    lengths = torch.randint(1, num_steps + 1, (batch_size,)) if is_ragged else None
    expected = results(reference.run_layer, cell, inputs, state, lengths)

    single = type(state)(*(part.detach().float().requires_grad_() for part in state))
    cell, inputs = cell.float(), inputs.detach().float().requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == torch.bfloat16):
        actual = results(run_layer, cell, inputs, single, lengths)
    errors = [error(a, b) for a, b in zip(actual, expected, strict=True)]
    return Errors(forward=max(errors[: 1 + len(state)]), gradients=max(errors[1 + len(state) :]))


@pytest.mark.parametrize("is_ragged", [False, True], ids=["all", "ragged"])
@pytest.mark.parametrize(
    ("precision", "name"),
    [(p, n) for p, n in product(LIMITS, HOISTED) if (p, n) not in MAGNIFIES_ROUNDING],
    ids=str,
)
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_hoisted_errs_little_against_the_float64_reference(
    sizes: tuple[int, int, int], precision: torch.dtype, name: str, is_ragged: bool
) -> None:
    errors = errors_of(hoisted.run_layer, name, sizes, precision=precision, is_ragged=is_ragged)

    assert errors.forward < LIMITS[precision]
    assert errors.gradients < 3 * LIMITS[precision]


@pytest.mark.parametrize("is_ragged", [False, True], ids=["all", "ragged"])
@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize(("precision", "name"), MAGNIFIES_ROUNDING, ids=str)
def test_hoisted_errs_no_more_than_the_reference_does_in_the_same_format(
    precision: torch.dtype, name: str, sizes: tuple[int, int, int], is_ragged: bool
) -> None:
    ours, theirs = (
        errors_of(run_layer, name, sizes, precision=precision, is_ragged=is_ragged)
        for run_layer in (hoisted.run_layer, reference.run_layer)
    )

    assert ours.forward < 1.1 * theirs.forward
    assert ours.gradients < 1.1 * theirs.gradients


@pytest.mark.parametrize("make_cell", HOISTED.values(), ids=HOISTED)
def test_hoisted_under_autocast_keeps_state_and_gradients_in_float32(make_cell: MakeCell) -> None:
    cell, inputs = make_cell(3, 4), torch.randn(2, 9, 3, requires_grad=True)

    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs, final = hoisted.run_layer(cell, inputs, state=cell.initial_state(2), lengths=None)
    outputs.sum().backward()

    assert {part.dtype for part in final} == {torch.float32}
    assert inputs.grad is not None
    assert {weight.grad.dtype for weight in cell.parameters()} == {torch.float32}  # type: ignore[union-attr]


@pytest.mark.parametrize("make_cell", HOISTED.values(), ids=HOISTED)
def test_hoisted_without_gradients_gives_the_same(make_cell: MakeCell) -> None:
    cell, inputs = make_cell(3, 4), torch.randn(2, 9, 3)
    expected, _ = hoisted.run_layer(cell, inputs, state=cell.initial_state(2), lengths=None)

    with torch.inference_mode():
        outputs, _ = hoisted.run_layer(cell, inputs, state=cell.initial_state(2), lengths=None)

    assert torch.equal(outputs, expected)


def test_hoisted_outputs_changed_in_place_are_not_gone_back_through() -> None:
    cell = LstmCell(3, 4)
    outputs, _ = hoisted.run_layer(
        cell, torch.randn(2, 5, 3), state=cell.initial_state(2), lengths=None
    )
    loss = (outputs * 2).sum()
    with torch.no_grad():
        outputs.mul_(2)

    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_hoisted_weights_changed_before_the_way_back_are_refused() -> None:
    cell = LstmCell(3, 4)
    outputs, _ = hoisted.run_layer(
        cell, torch.randn(2, 5, 3), state=cell.initial_state(2), lengths=None
    )
    with torch.no_grad():
        cell.weight_hh.mul_(2)

    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        outputs.sum().backward()


def test_hoisted_final_state_does_not_keep_the_window() -> None:
    cell = LstmCell(3, 4)

    _, final = hoisted.run_layer(
        cell, torch.randn(2, 50, 3), state=cell.initial_state(2), lengths=None
    )

    assert {part.untyped_storage().nbytes() for part in final} == {2 * 4 * 4}


def test_hoisted_gradient_of_nothing_but_the_final_state() -> None:
    torch.manual_seed(0)
    cell = LstmCell(3, 4).double()
    inputs = torch.randn(2, 5, 3, dtype=torch.float64, requires_grad=True)

    found = []
    for backend in (hoisted, reference):
        _, final = backend.run_layer(cell, inputs, state=cell.initial_state(2), lengths=None)
        found.append(torch.autograd.grad(final[1].sum(), inputs))

    torch.testing.assert_close(found[0], found[1], rtol=1e-9, atol=1e-12)

"""Every backend, for every cell it supports, against the reference; and the checks themselves."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest
import torch

import faulty_backends as faulty
from backend_checks import (
    CHECKS,
    Check,
    RunLayer,
    check_bias,
    check_gradient_of_inputs,
    check_gradient_of_state,
    check_gradient_of_weights,
    check_initial_state,
    check_lengths_final_state,
    check_lengths_outputs,
    check_parity,
    check_values,
    every_noise,
    gradients,
    make_case,
)
from cells import CELLS, MakeCell, numbers, random_cell, random_state
from nextword.cells import AnyCell, LstmCell
from nextword.recurrent import BACKENDS, Backend, LayerNoise, RecurrentStack

SUPPORTED = [
    pytest.param(backend, make_cell, id=f"{backend.name}-{name}")
    for backend, (name, make_cell) in product(BACKENDS, CELLS.items())
    if backend.supports(make_cell(1, 1))
]
SIZES = [(1, 1), (1, 63), (63, 7)]
BATCHES = [(1, 1), (3, 2), (1, 35), (3, 35), (3, 0), (0, 2), (0, 0)]
LENGTHS = ["all", "full", "ragged", "empty"]
#: One size, and the batches in which the backends take different paths; the rest is exhaustive.
EVERYDAY_CASES = {
    ((63, 7), (3, 35), "all"),
    ((63, 7), (3, 35), "ragged"),
    ((63, 7), (3, 0), "all"),
    ((63, 7), (1, 1), "ragged"),
}
PARITY_CASES = [
    pytest.param(
        *case,
        marks=() if case in EVERYDAY_CASES else pytest.mark.exhaustive,
        id="-".join([*("x".join(map(str, pair)) for pair in case[:2]), case[2]]),
    )
    for case in product(SIZES, BATCHES, LENGTHS)
]
FAULTS: dict[RunLayer, set[Check]] = {
    faulty.ignores_lengths: {check_lengths_outputs, check_lengths_final_state},
    faulty.shows_padding: {check_lengths_outputs},
    faulty.state_of_padded_end: {check_lengths_final_state},
    faulty.ignores_initial_state: {check_initial_state},
    faulty.swaps_gates: {check_values},
    faulty.drops_bias: {check_bias},
    faulty.cuts_gradient_of_inputs: {check_gradient_of_inputs},
    faulty.cuts_gradient_of_state: {check_gradient_of_state},
    faulty.halves_gradient_of_weights: {check_gradient_of_weights},
}


NOISE_FAULTS: list[RunLayer] = [
    faulty.ignores_mask,
    faulty.ignores_dropped_connections,
    faulty.ignores_zoneout,
    faulty.zones_out_hidden_alone,
    faulty.draws_a_mask_a_step,
    faulty.ignores_the_limit,
    faulty.limits_the_first_state_alone,
]


def supported_noise(backend: Backend, cell: AnyCell, *, batch: tuple[int, int]) -> LayerNoise:
    """Every kind of noise that a cell can have and a backend runs."""
    noise = every_noise(cell, batch=batch)
    step = noise.step
    if "recurrent_dropout" not in backend.noise:
        step = replace(step, mask=None)
    if "weight_dropout" not in backend.noise:
        step = replace(step, weight_hh=None)
    return LayerNoise(
        step=step,
        held=noise.held if "zoneout" in backend.noise else (),
        state_threshold=noise.state_threshold if "state_clipping" in backend.noise else None,
    )


def name_of(value: object) -> str:
    return getattr(value, "__name__", str(value)).replace(", ", "x").strip("()")


@pytest.fixture(autouse=True)
def _seeded() -> Iterator[None]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


@pytest.mark.parametrize("check", CHECKS, ids=name_of)
@pytest.mark.parametrize(("backend", "make_cell"), SUPPORTED)
def test_backend_passes_every_check(backend: Backend, make_cell: MakeCell, check: Check) -> None:
    check(backend.run_layer, make_cell)


@pytest.mark.parametrize(("sizes", "batch", "lengths"), PARITY_CASES)
@pytest.mark.parametrize(
    ("backend", "make_cell"), [p for p in SUPPORTED if p.values[0].name != "reference"]
)
def test_backend_equals_the_reference_in_outputs_final_state_and_all_gradients(
    backend: Backend,
    make_cell: MakeCell,
    sizes: tuple[int, int],
    batch: tuple[int, int],
    lengths: str,
) -> None:
    check_parity(backend.run_layer, make_case(make_cell, sizes=sizes, batch=batch, lengths=lengths))


@pytest.mark.parametrize("lengths", ["all", "ragged"])
@pytest.mark.parametrize("batch", [(1, 1), (3, 5)], ids=name_of)
@pytest.mark.parametrize(
    ("backend", "make_cell"),
    [p for p in SUPPORTED if p.values[0].name != "reference" and p.values[0].noise],
)
def test_backend_under_noise_equals_the_reference(
    backend: Backend, make_cell: MakeCell, batch: tuple[int, int], lengths: str
) -> None:
    case = make_case(make_cell, sizes=(4, 7), batch=batch, lengths=lengths)
    noise = supported_noise(backend, case.cell, batch=batch)

    check_parity(backend.run_layer, replace(case, noise=noise))


@pytest.mark.parametrize("fault", NOISE_FAULTS, ids=name_of)
def test_check_parity_sees_every_fault_planted_in_noise(fault: RunLayer) -> None:
    case = make_case(LstmCell, sizes=(4, 7), batch=(3, 5), lengths="ragged")

    with pytest.raises(AssertionError):
        check_parity(fault, replace(case, noise=every_noise(case.cell, batch=(3, 5))))


@pytest.mark.parametrize("fault", FAULTS, ids=name_of)
def test_checks_planted_fault_fails_exactly_its_own(fault: RunLayer) -> None:
    failed = {check for check in CHECKS if not _passes(check, fault)}

    assert failed == FAULTS[fault]


@pytest.mark.parametrize("fault", FAULTS, ids=name_of)
def test_check_parity_sees_every_planted_fault(fault: RunLayer) -> None:
    case = make_case(LstmCell, sizes=(7, 7), batch=(3, 5), lengths="ragged")

    with pytest.raises(AssertionError):
        check_parity(fault, case)


def _passes(check: Check, fault: RunLayer) -> bool:
    try:
        check(fault, LstmCell)
    except AssertionError:
        return False
    return True


@pytest.mark.parametrize("lengths", [None, [2, 5, 0]], ids=["all", "ragged"])
@pytest.mark.parametrize(("backend", "make_cell"), SUPPORTED)
def test_backend_two_layers_equal_the_reference(
    backend: Backend, make_cell: MakeCell, lengths: list[int] | None
) -> None:
    below = random_cell(make_cell, 4, 7)
    cells = [below, random_cell(make_cell, below.output_size, 3)]
    case = make_case(make_cell, sizes=(4, 7), batch=(3, 5), lengths="all")
    state = tuple(random_state(cell, 3) for cell in cells)
    counted = None if lengths is None else torch.tensor(lengths)
    leaves = [case.inputs, *state[0], *state[1], *cells[0].parameters(), *cells[1].parameters()]
    weigh = numbers(3, 5, cells[1].output_size).detach()

    results = []
    for name in (backend.name, "reference"):
        outputs, final = RecurrentStack(cells, backend=name)(case.inputs, state, lengths=counted)
        loss = (outputs * weigh).sum() + sum(part.sum() for layer in final for part in layer)
        results.append((outputs, final, torch.autograd.grad(loss, leaves)))

    torch.testing.assert_close(results[0], results[1], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("backend", "make_cell"), SUPPORTED)
def test_backend_changes_neither_inputs_nor_state(backend: Backend, make_cell: MakeCell) -> None:
    case = make_case(make_cell, sizes=(7, 7), batch=(3, 5), lengths="ragged")
    before = [leaf.detach().clone() for leaf in case.leaves]

    results = backend.run_layer(case.cell, case.inputs, state=case.state, lengths=case.lengths)
    gradients(results, case)

    torch.testing.assert_close([leaf.detach() for leaf in case.leaves], before, rtol=0, atol=0)

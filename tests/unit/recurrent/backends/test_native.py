"""The compiled kernels behind the backends' contract; skipped where they are not installed."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from nextword.cells import (
    AnyCell,
    CellState,
    ElmanCell,
    GruCell,
    LstmCell,
    MinGruCell,
    MinLstmCell,
    RgLruCell,
    StepNoise,
)
from nextword.recurrent.backends import native, reference
from nextword.recurrent.noise import NO_LAYER_NOISE, LayerNoise

pytest.importorskip("nextword_kernels", reason="needs the package nextword-kernels")

RunLayer = Callable[..., tuple[Tensor, CellState]]

CELLS: dict[str, Callable[[], AnyCell]] = {
    "lstm": lambda: LstmCell(5, 7),
    "gru": lambda: GruCell(5, 7),
    "elman-tanh": lambda: ElmanCell(5, 7, nonlinearity="tanh"),
    "elman-sigmoid": lambda: ElmanCell(5, 7, nonlinearity="sigmoid"),
    "elman-relu": lambda: ElmanCell(5, 7, nonlinearity="relu"),
}
DIAGONAL_CELLS: dict[str, Callable[[], AnyCell]] = {
    "min_gru": lambda: MinGruCell(5, 7),
    "min_lstm": lambda: MinLstmCell(5, 7),
    "rg_lru": lambda: RgLruCell(5, 7),
}
ALL_CELLS = CELLS | DIAGONAL_CELLS
LENGTHS = pytest.mark.parametrize("lengths", [None, [4, 0, 2]], ids=["all", "ragged"])


def made_up_state(cell: AnyCell, batch_size: int) -> CellState:
    zeros = cell.initial_state(batch_size)
    return type(zeros)(*(torch.randn_like(part) for part in zeros))


def results_of(
    run_layer: RunLayer,
    cell: AnyCell,
    inputs: Tensor,
    state: CellState,
    lengths: Tensor | None,
    noise: LayerNoise = NO_LAYER_NOISE,
) -> dict[str, Tensor]:
    """Outputs, final state, and the gradients of everything, of a sum that weighs all alike."""
    inputs = inputs.clone().requires_grad_()
    state = type(state)(*(part.clone().requires_grad_() for part in state))
    outputs, final = run_layer(cell, inputs, state=state, lengths=lengths, noise=noise)
    total = sum(part.float().sin().sum() for part in (outputs, *final))
    leaves = {"inputs": inputs, **state._asdict(), **dict(cell.named_parameters())}  # type: ignore[attr-defined]
    gradients = torch.autograd.grad(total, list(leaves.values()))
    results = {"outputs": outputs, **final._asdict()}  # type: ignore[attr-defined]
    named = zip(leaves, gradients, strict=True)
    return results | {f"grad {name}": gradient for name, gradient in named}


def worst_error(results: dict[str, Tensor], truth: dict[str, Tensor]) -> float:
    """Largest relative L2 error."""
    return max(
        ((results[name] - expected).norm() / expected.norm()).item()
        for name, expected in truth.items()
    )


@LENGTHS
@pytest.mark.parametrize("name", ALL_CELLS)
def test_native_equals_the_reference_on_outputs_states_and_gradients(
    name: str, lengths: list[int] | None
) -> None:
    torch.manual_seed(0)
    cell, inputs = ALL_CELLS[name](), torch.randn(3, 4, 5)
    state = made_up_state(cell, 3)
    counted = None if lengths is None else torch.tensor(lengths)

    results = results_of(native.run_layer, cell, inputs, state, counted)

    truth = results_of(reference.run_layer, cell, inputs, state, counted)
    assert worst_error(results, truth) <= 1e-5


@LENGTHS
@pytest.mark.parametrize(
    "name", ["lstm", "gru", "elman-tanh", "elman-sigmoid", "min_gru", "min_lstm"]
)
def test_native_under_autocast_is_near_the_reference_and_gives_bfloat16(
    name: str, lengths: list[int] | None
) -> None:
    torch.manual_seed(0)
    cell, inputs = ALL_CELLS[name](), torch.randn(3, 4, 5)
    state = made_up_state(cell, 3)
    counted = None if lengths is None else torch.tensor(lengths)

    with torch.autocast("cpu", dtype=torch.bfloat16):
        results = results_of(native.run_layer, cell, inputs, state, counted)

    truth = results_of(reference.run_layer, cell, inputs, state, counted)
    assert worst_error(results, truth) <= 2e-2
    assert results["outputs"].dtype == torch.bfloat16
    assert results["hidden_state"].dtype == torch.float32


def test_native_gradients_are_seen_to_be_wrong_when_a_window_is_shifted() -> None:
    torch.manual_seed(0)
    cell, inputs = LstmCell(5, 7), torch.randn(3, 4, 5)
    state = made_up_state(cell, 3)
    truth = results_of(reference.run_layer, cell, inputs, state, None)

    faulty = results_of(native.run_layer, cell, inputs.roll(1, dims=1), state, None)

    assert worst_error(faulty, truth) > 1e-2


@pytest.mark.parametrize("name", CELLS)
def test_native_with_noise_equals_the_reference(name: str) -> None:
    torch.manual_seed(0)
    cell, inputs = CELLS[name](), torch.randn(3, 4, 5)
    state = made_up_state(cell, 3)
    mask = (torch.rand(3, 7) < 0.5) * 2.0
    dropped = cell.get_parameter("weight_hh") * (torch.rand(7) < 0.5)
    noise = LayerNoise(step=StepNoise(mask=mask, weight_hh=dropped))

    results = results_of(native.run_layer, cell, inputs, state, None, noise)

    # Drawn anew, for a gradient has passed through the dropped connections.
    dropped = cell.get_parameter("weight_hh") * (dropped != 0)
    noise = LayerNoise(step=StepNoise(mask=mask, weight_hh=dropped))
    truth = results_of(reference.run_layer, cell, inputs, state, None, noise)
    assert worst_error(results, truth) <= 1e-5


def test_native_gives_the_same_gradient_twice() -> None:
    cell, inputs = LstmCell(5, 7), torch.randn(3, 4, 5)
    outputs, _ = native.run_layer(cell, inputs, state=cell.initial_state(3), lengths=None)
    total = outputs.sin().sum()

    first = torch.autograd.grad(total, list(cell.parameters()), retain_graph=True)
    second = torch.autograd.grad(total, list(cell.parameters()))

    assert all(torch.equal(one, other) for one, other in zip(first, second, strict=True))


@pytest.mark.parametrize("update", ["in place", "through data", "another tensor"])
def test_native_uses_the_weights_after_an_update(update: str) -> None:
    cell, inputs = LstmCell(5, 7), torch.randn(3, 4, 5)
    outputs, _ = native.run_layer(cell, inputs, state=cell.initial_state(3), lengths=None)
    outputs.sum().backward()

    with torch.no_grad():
        if update == "in place":
            cell.weight_hh.mul_(-1)
        elif update == "through data":
            cell.weight_hh.data.mul_(-1)
        else:
            cell.weight_hh.data = -cell.weight_hh
        updated, _ = native.run_layer(cell, inputs, state=cell.initial_state(3), lengths=None)

    expected, _ = reference.run_layer(cell, inputs, state=cell.initial_state(3), lengths=None)
    torch.testing.assert_close(updated, expected)


def test_native_leaves_float64_to_torch() -> None:
    cell = LstmCell(5, 7).double()
    inputs = torch.randn(3, 4, 5, dtype=torch.float64)

    outputs, _ = native.run_layer(cell, inputs, state=cell.initial_state(3), lengths=None)

    expected, _ = reference.run_layer(cell, inputs, state=cell.initial_state(3), lengths=None)
    torch.testing.assert_close(outputs, expected)


def test_native_in_inference_mode_equals_the_reference() -> None:
    cell, inputs = LstmCell(5, 7), torch.randn(3, 4, 5)

    with torch.inference_mode():
        outputs, _ = native.run_layer(cell, inputs, state=cell.initial_state(3), lengths=None)
        expected, _ = reference.run_layer(cell, inputs, state=cell.initial_state(3), lengths=None)

    torch.testing.assert_close(outputs, expected)


def test_native_without_the_kernels_supports_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native.layer, "kernels_are_installed", lambda: False)

    assert not native.supports(LstmCell(1, 1))


def test_native_supports_the_cells_it_has_kernels_for() -> None:
    assert all(native.supports(make()) for make in ALL_CELLS.values())


@pytest.mark.parametrize("name", DIAGONAL_CELLS)
def test_native_with_older_kernels_does_not_run_diagonal_cells(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(native.layer, "has_kernels", bool)

    assert not native.supports(DIAGONAL_CELLS[name]())
    assert native.supports(LstmCell(1, 1))


class Shifted(MinGruCell):
    """A cell from outside whose gates are not those of its base."""

    def gates(self, preactivations: Tensor) -> dict[str, Tensor]:
        return super().gates(preactivations + 1)


def test_native_runs_the_gates_of_a_subclass() -> None:
    torch.manual_seed(0)
    cell, inputs = Shifted(5, 7), torch.randn(3, 4, 5)
    state = made_up_state(cell, 3)

    results = results_of(native.run_layer, cell, inputs, state, None)

    assert worst_error(results, results_of(reference.run_layer, cell, inputs, state, None)) <= 1e-5


def test_native_recurrence_passes_gradcheck() -> None:
    torch.manual_seed(0)
    a, b = (torch.rand(4, 2, 3, dtype=torch.float64).requires_grad_() for _ in range(2))
    initial = torch.randn(2, 3, dtype=torch.float64).requires_grad_()

    assert torch.autograd.gradcheck(
        lambda a, b, initial: native.recurrence(a, b, initial=initial), (a, b, initial)
    )

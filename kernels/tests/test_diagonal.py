"""Diagonal layers and linear recurrences against float64 and autograd."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

import nextword_kernels as kernels

NUM_GATES = {"min_gru": 2, "min_lstm": 3}
CELLS = tuple(NUM_GATES)
#: Relative L2 error.
LIMITS = {torch.float32: 1e-5, torch.bfloat16: 2e-2}
DTYPES = pytest.mark.parametrize("dtype", LIMITS, ids=["float32", "bfloat16"])
#: (hidden size, batch size, steps): odd ones, whole vectors, and no step or row at all.
SIZES = [(1, 1, 1), (7, 3, 5), (63, 1, 35), (64, 20, 9), (200, 2, 5), (7, 3, 0), (7, 0, 3)]

Named = dict[str, Tensor]


class Case:
    """The operands of a layer; gates are exact in the dtype of the kernel."""

    def __init__(self, cell: str, sizes: tuple[int, int, int], dtype: torch.dtype) -> None:
        size, rows, steps = sizes
        torch.manual_seed(0)
        self.cell, self.size = cell, size
        self.gates = (2 * torch.randn(rows, steps, NUM_GATES[cell] * size)).to(dtype)
        self.initial = torch.randn(rows, size)
        self.grad_outputs = torch.randn(rows, steps, size).to(dtype)
        self.grad_final = torch.randn(rows, size)
        self.lengths: Tensor | None = None

    def kernel(self, *, num_threads: int = 1) -> Named:
        """Run forward and backward with the kernels."""
        rows, steps = self.gates.shape[:2]
        outputs = torch.full((rows, steps, self.size), torch.nan, dtype=self.gates.dtype)
        final, grad_initial = torch.full_like(self.initial, torch.nan), self.grad_final.clone()
        grad_gates = torch.full_like(self.gates, torch.nan)
        common = {
            "cell": self.cell,
            "initial_hidden": self.initial,
            "lengths": self.lengths,
            "outputs": outputs,
            "num_threads": num_threads,
        }
        kernels.diagonal_forward(self.gates, final_hidden=final, **common)
        kernels.diagonal_backward(
            self.gates,
            grad_outputs=self.grad_outputs,
            grad_gates=grad_gates,
            grad_hidden=grad_initial,
            **common,
        )
        return {
            "outputs": outputs,
            "final": final,
            "grad_gates": grad_gates,
            "grad_initial": grad_initial,
        }

    def reference(self) -> Named:
        """Run the equations in float64, with gradients by autograd."""
        gates = self.gates.double().requires_grad_()
        initial = self.initial.double().requires_grad_()
        h, outputs = initial, []
        for step in range(gates.shape[1]):
            parts = gates[:, step].chunk(NUM_GATES[self.cell], dim=-1)
            *opened, candidate = parts
            weights = [part.sigmoid() for part in opened]
            new = weights[-1] / (sum(weights) if len(weights) == 2 else 1)  # type: ignore[operator]
            after = (1 - new) * h + new * candidate
            if self.lengths is None:
                h = after
                outputs.append(h)
                continue
            active = (step < self.lengths)[:, None]
            h = torch.where(active, after, h)
            outputs.append(torch.where(active, h, 0.0))
        result = torch.stack(outputs, 1) if outputs else self.grad_outputs.double() * 0
        total = (result * self.grad_outputs.double()).sum() + (h * self.grad_final.double()).sum()
        grads = torch.autograd.grad(total, [gates, initial], allow_unused=True)
        grad_gates = torch.zeros_like(gates) if grads[0] is None else grads[0]
        return {"outputs": result, "final": h, "grad_gates": grad_gates, "grad_initial": grads[1]}


def worst_error(results: Named, truth: Named) -> float:
    errors = [0.0]
    for name, expected in truth.items():
        difference = (results[name].double() - expected).norm().item()
        error = difference / max(expected.norm().item(), 1e-30) if expected.numel() else 0.0
        errors.append(error if error == error else float("inf"))
    return max(errors)


@DTYPES
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("sizes", SIZES, ids=lambda sizes: "H{}-B{}-T{}".format(*sizes))
def test_diagonal_layer_of_any_size_equals_the_reference(
    instruction_set: str, sizes: tuple[int, int, int], cell: str, dtype: torch.dtype
) -> None:
    case = Case(cell, sizes, dtype)

    assert worst_error(case.kernel(), case.reference()) <= LIMITS[dtype]


@DTYPES
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("lengths", [[5, 0, 2], [-3, 99, 4]], ids=["ragged", "out-of-range"])
def test_diagonal_layer_with_lengths_equals_the_reference(
    instruction_set: str, lengths: list[int], cell: str, dtype: torch.dtype
) -> None:
    case = Case(cell, (7, 3, 5), dtype)
    case.lengths = torch.tensor(lengths)

    assert worst_error(case.kernel(), case.reference()) <= LIMITS[dtype]


@pytest.mark.parametrize("num_threads", [2, 3, 7])
@pytest.mark.parametrize("sizes", [(63, 1, 9), (7, 5, 9)], ids=["one-row", "rows"])
@pytest.mark.parametrize("cell", CELLS)
def test_diagonal_layer_on_several_threads_gives_the_very_same_numbers(
    cell: str, sizes: tuple[int, int, int], num_threads: int
) -> None:
    case = Case(cell, sizes, torch.float32)

    several, one = case.kernel(num_threads=num_threads), case.kernel()

    assert all(torch.equal(several[name], value) for name, value in one.items())


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("value", [-1e30, -200.0, -60.0, 60.0, 200.0, 1e30])
def test_diagonal_layer_with_huge_gates_is_finite(
    instruction_set: str, value: float, cell: str
) -> None:
    case = Case(cell, (7, 1, 2), torch.float32)
    case.gates[..., : (NUM_GATES[cell] - 1) * 7] = value

    assert all(result.isfinite().all() for result in case.kernel().values())


@DTYPES
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("gate", [0, 1])
def test_diagonal_layer_with_a_nan_passes_it_on(
    instruction_set: str, gate: int, cell: str, dtype: torch.dtype
) -> None:
    case = Case(cell, (7, 2, 3), dtype)
    case.gates[0, 1, gate * 7 + 4] = torch.nan

    outputs = case.kernel()["outputs"]

    assert outputs[0, 1:, 4].isnan().all()
    assert outputs.isnan().sum() == 2


# Planted faults: the comparison has to see each.

FAULTS: dict[str, Callable[[Case], None]] = {
    "initial state": lambda case: case.initial.zero_(),
    "lengths": lambda case: setattr(case, "lengths", None),
    "final gradient": lambda case: case.grad_final.zero_(),
    "gates of another step": lambda case: setattr(
        case, "gates", case.gates.roll(1, dims=1).contiguous()
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("cell", CELLS)
def test_comparison_sees_a_planted_fault(cell: str, fault: str) -> None:
    case, faulty = Case(cell, (7, 3, 5), torch.float32), Case(cell, (7, 3, 5), torch.float32)
    case.lengths = faulty.lengths = torch.tensor([5, 2, 3])
    FAULTS[fault](faulty)

    assert worst_error(faulty.kernel(), case.reference()) > 1e-3


class Recurrence(torch.autograd.Function):
    """h = a h' + b with the kernels."""

    @staticmethod
    def forward(ctx: object, a: Tensor, b: Tensor, initial: Tensor) -> Tensor:
        states = torch.full_like(b, torch.nan)
        kernels.recurrence_forward(a, b, initial=initial, states=states, num_threads=2)
        ctx.save_for_backward(a, initial, states)  # type: ignore[attr-defined]
        return states

    @staticmethod
    def backward(ctx: object, grad_states: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        a, initial, states = ctx.saved_tensors  # type: ignore[attr-defined]
        gradients = [torch.full_like(each, torch.nan) for each in (a, a, initial)]
        kernels.recurrence_backward(
            a,
            initial=initial,
            states=states,
            grad_states=grad_states.contiguous(),
            grad_decays=gradients[0],
            grad_updates=gradients[1],
            grad_initial=gradients[2],
            num_threads=2,
        )
        return gradients[0], gradients[1], gradients[2]


@pytest.mark.parametrize("sizes", [(1, 1), (5, 7), (3, 67), (0, 4), (4, 0)], ids=str)
def test_recurrence_passes_gradcheck(instruction_set: str, sizes: tuple[int, int]) -> None:
    torch.manual_seed(0)
    a, b = (torch.randn(sizes, dtype=torch.float64).requires_grad_() for _ in range(2))
    initial = torch.randn(sizes[1], dtype=torch.float64).requires_grad_()

    assert torch.autograd.gradcheck(Recurrence.apply, (a, b, initial))


@pytest.mark.parametrize("num_threads", [1, 3])
def test_recurrence_in_float32_equals_the_loop(instruction_set: str, num_threads: int) -> None:
    torch.manual_seed(0)
    a, b, initial = torch.rand(40, 37), torch.randn(40, 37), torch.randn(37)
    states = torch.empty(40, 37)

    kernels.recurrence_forward(a, b, initial=initial, states=states, num_threads=num_threads)

    h, expected = initial.double(), []
    for decay, update in zip(a.double(), b.double(), strict=True):
        h = decay * h + update
        expected.append(h)
    torch.testing.assert_close(states.double(), torch.stack(expected), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"cell": "lstm"}, ValueError, "cell is 'lstm'; it must be 'min_gru' or 'min_lstm'"),
        ({"cell": "min_lstm"}, ValueError, r"gates has the shape \(2, 3, 8\).*\(2, 3, 12\)"),
        ({"gates": torch.zeros(2, 3, 8).double()}, TypeError, "gates is float64"),
        ({"outputs": torch.zeros(2, 3, 4).bfloat16()}, TypeError, "outputs is bfloat16"),
        ({"final_hidden": torch.zeros(3, 4)}, ValueError, r"final_hidden has the shape \(3, 4\)"),
    ],
    ids=["cell", "gates", "dtype", "outputs", "state"],
)
def test_diagonal_layer_whose_arrays_do_not_fit_is_refused(
    change: dict[str, object], error: type[Exception], message: str
) -> None:
    good = {
        "gates": torch.zeros(2, 3, 8),
        "cell": "min_gru",
        "initial_hidden": torch.zeros(2, 4),
        "outputs": torch.zeros(2, 3, 4),
        "final_hidden": torch.zeros(2, 4),
        "num_threads": 1,
    }

    with pytest.raises(error, match=message):
        kernels.diagonal_forward(**{**good, **change})  # type: ignore[arg-type]


def test_recurrence_in_two_dtypes_is_refused() -> None:
    with pytest.raises(TypeError, match="updates is float64; it must be float32"):
        kernels.recurrence_forward(
            torch.zeros(2, 3),
            torch.zeros(2, 3).double(),
            initial=torch.zeros(3),
            states=torch.zeros(2, 3),
            num_threads=1,
        )

"""Layers against the float64 reference: outputs, states and every gradient."""

from dataclasses import replace

import pytest
import torch

import nextword_kernels as kernels
from native_layers import relative_errors, run_native
from reference_layers import KINDS, LayerCase, made_up_case, run_reference

#: Relative L2 error, by precision.
LIMITS = {"float32": 1e-5, "bfloat16": 2e-2}

#: (hidden size, batch size, steps): odd ones, several groups of rows, and no step at all.
SIZES = [(1, 1, 1), (7, 3, 5), (63, 1, 5), (63, 20, 35), (64, 53, 3), (650, 3, 5), (7, 3, 0)]


def worst_error(case: LayerCase, *, precision: str, num_threads: int = 1) -> tuple[float, str]:
    rounds = case.kind == "relu" and precision == "bfloat16"
    truth = run_reference(case.rounded() if rounds else case)
    errors = relative_errors(run_native(case, precision=precision, num_threads=num_threads), truth)
    return max((error if error == error else float("inf"), name) for name, error in errors.items())


@pytest.mark.parametrize("precision", LIMITS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sizes", SIZES, ids=lambda sizes: "H{}-B{}-T{}".format(*sizes))
def test_layer_of_any_size_equals_the_reference(
    instruction_set: str, sizes: tuple[int, int, int], kind: str, precision: str
) -> None:
    hidden_size, batch_size, num_steps = sizes
    case = made_up_case(kind, hidden_size=hidden_size, batch_size=batch_size, num_steps=num_steps)

    error = worst_error(case, precision=precision)

    assert error <= (LIMITS[precision], "")


@pytest.mark.parametrize("precision", LIMITS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("with_lengths", "with_mask"),
    [(True, False), (False, True), (True, True)],
    ids=["lengths", "mask", "both"],
)
def test_layer_with_lengths_and_mask_equals_the_reference(
    instruction_set: str, kind: str, precision: str, with_lengths: bool, with_mask: bool
) -> None:
    case = made_up_case(
        kind,
        hidden_size=63,
        batch_size=20,
        num_steps=35,
        with_lengths=with_lengths,
        with_mask=with_mask,
    )

    error = worst_error(case, precision=precision)

    assert error <= (LIMITS[precision], "")


@pytest.mark.parametrize("num_threads", [2, 3])
@pytest.mark.parametrize("precision", LIMITS)
@pytest.mark.parametrize("kind", ["lstm", "gru", "tanh"])
def test_layer_on_several_threads_gives_the_very_same_numbers(
    kind: str, precision: str, num_threads: int
) -> None:
    case = made_up_case(
        kind, hidden_size=63, batch_size=5, num_steps=7, with_lengths=True, with_mask=True
    )

    several = run_native(case, precision=precision, num_threads=num_threads)

    for name, expected in run_native(case, precision=precision, num_threads=1).items():
        assert torch.equal(several[name], expected), name


@pytest.mark.parametrize("lengths", [[0, 0, 0], [-3, 99, 2]], ids=["none", "out-of-range"])
@pytest.mark.parametrize("kind", KINDS)
def test_layer_with_strange_lengths_takes_what_there_is(kind: str, lengths: list[int]) -> None:
    case = made_up_case(kind, hidden_size=7, batch_size=3, num_steps=5)

    error = worst_error(replace(case, lengths=torch.tensor(lengths)), precision="float32")

    assert error <= (LIMITS["float32"], "")


@pytest.mark.parametrize("kind", KINDS)
def test_layer_without_kept_arrays_gives_the_same_outputs(kind: str) -> None:
    case = made_up_case(kind, hidden_size=7, batch_size=3, num_steps=5)
    packed = kernels.pack(case.weights, precision="float32", num_threads=1)
    outputs, final = torch.empty(5, 3, 7), torch.empty(3, 7)
    common = {
        "input_gates": case.input_gates,
        "initial_hidden": case.initial_hidden,
        "outputs": outputs,
        "final_hidden": final,
        "num_threads": 1,
    }

    if kind == "lstm":
        kernels.lstm_forward(
            packed, initial_cell=case.initial_cell, final_cell=torch.empty(3, 7), **common
        )
    elif kind == "gru":
        kernels.gru_forward(packed, recurrent_bias=case.recurrent_bias, **common)
    else:
        kernels.elman_forward(packed, nonlinearity=kind, **common)

    kept = run_native(case, precision="float32")
    assert torch.equal(outputs, kept["outputs"])
    assert torch.equal(final, kept["final_hidden"])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_layer_with_a_nan_passes_it_on(instruction_set: str, precision: str, kind: str) -> None:
    case = made_up_case(kind, hidden_size=7, batch_size=2, num_steps=3)
    case.input_gates[1, 0, :] = float("nan")

    results = run_native(case, precision=precision)

    assert results["outputs"][1:, 0].isnan().all()
    assert not results["outputs"][:, 1].isnan().any()


def test_packed_matrix_tells_what_it_is() -> None:
    packed = kernels.pack(torch.randn(21, 7), precision="bfloat16", num_threads=1)

    assert (packed.hidden_size, packed.num_gates, packed.precision) == (7, 3, "bfloat16")


# Planted faults: each is one that a kernel could have, and the comparison has to see it.

FAULTS = {
    "a step's gates are another's": lambda case: replace(
        case, input_gates=case.input_gates.roll(1, dims=0)
    ),
    "the initial state is forgotten": lambda case: replace(
        case, initial_hidden=torch.zeros_like(case.initial_hidden)
    ),
    "the matrix is transposed": lambda case: replace(
        case, weights=case.weights.view(-1, 63, 63).transpose(1, 2).reshape(-1, 63).contiguous()
    ),
    "lengths are ignored": lambda case: replace(case, lengths=None),
    "a row is one step longer": lambda case: replace(case, lengths=case.lengths + 1),
    "the mask is ignored": lambda case: replace(case, mask=None),
    "the final state's gradient is lost": lambda case: replace(
        case, grad_final_hidden=torch.zeros_like(case.grad_final_hidden)
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("kind", ["lstm", "gru", "tanh"])
@pytest.mark.parametrize("precision", LIMITS)
def test_comparison_sees_a_planted_fault(kind: str, precision: str, fault: str) -> None:
    case = made_up_case(
        kind, hidden_size=63, batch_size=3, num_steps=5, with_lengths=True, with_mask=True
    )
    faulty = run_native(FAULTS[fault](case), precision=precision)

    errors = relative_errors(faulty, run_reference(case))

    assert max(errors.values()) > 2 * LIMITS[precision]

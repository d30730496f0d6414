"""Wrong calls end in an exception, and all others in the right answer; none in a crash."""

import random
from collections import Counter

import numpy as np
import pytest
import torch

import nextword_kernels as kernels
from fuzzed_calls import REFUSALS, bend, made_up_call, separate_copy

NUM_CALLS = 2_000


@pytest.mark.filterwarnings("ignore:Casting complex values to real")
def test_fuzzed_calls_end_in_a_refusal_or_the_right_answer() -> None:
    random.seed(0)
    torch.manual_seed(0)
    outcomes: Counter[str] = Counter()

    for _ in range(NUM_CALLS):
        function, arguments = made_up_call(random.Random(random.random()))
        for _ in range(random.choice([0, 1, 1, 2])):
            try:
                bend(arguments)
            except (RuntimeError, NotImplementedError, TypeError):
                continue  # torch itself does not bend this tensor this way
        outcomes[outcome_of(function, arguments)] += 1

    assert outcomes.total() == NUM_CALLS
    # Both kinds are plenty: the calls are neither all good nor all hopeless.
    assert outcomes["answered"] > NUM_CALLS // 10
    assert outcomes["refused"] > NUM_CALLS // 4


def outcome_of(function: object, arguments: dict[str, object]) -> str:
    """Make the call, and where it answers make it again on separate copies and compare."""
    try:
        again = separate_copy(arguments)
    except (RuntimeError, NotImplementedError):
        again = {}
    try:
        function(**arguments)  # type: ignore[operator]
    except REFUSALS:
        return "refused"
    function(**{**again, "num_threads": 1})  # type: ignore[operator]
    for name, value in arguments.items():
        if isinstance(value, torch.Tensor | np.ndarray):
            result = torch.tensor(value) if isinstance(value, np.ndarray) else value
            torch.testing.assert_close(
                result, again[name], equal_nan=True, msg=f"{function}: {name} differs"
            )
    return "answered"


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"weights": torch.zeros(6, 3)}, ValueError, r"\(6, 3\).*1, 3 or 4 gates"),
        ({"weights": torch.zeros(0, 0)}, ValueError, r"\(0, 0\)"),
        ({"weights": torch.zeros(3, 3).double()}, TypeError, "weights is float64.*float32"),
        ({"weights": torch.zeros(3, 4, 2)}, ValueError, "it must have 2 axes"),
        ({"weights": torch.zeros(3, 6)[:, ::2]}, ValueError, "weights is not contiguous"),
        ({"precision": "float16"}, ValueError, "'float16'; it must be 'float32' or 'bfloat16'"),
        ({"num_threads": 0}, ValueError, "num_threads is 0; it must be from 1 to 256"),
    ],
    ids=["ragged", "empty", "format", "axes", "strides", "precision", "threads"],
)
def test_packing_what_cannot_be_packed_says_why(
    change: dict[str, object], error: type[Exception], message: str
) -> None:
    good = {"weights": torch.zeros(3, 3), "precision": "float32", "num_threads": 1}

    with pytest.raises(error, match=message):
        kernels.pack(**{**good, **change})  # type: ignore[arg-type]


def test_arrays_that_overlap_are_refused_by_name() -> None:
    memory = torch.zeros(23)

    with pytest.raises(ValueError, match="matrix and out overlap"):
        kernels.transpose(memory[:12].view(4, 3), out=memory[11:].view(3, 4), num_threads=1)


@pytest.mark.parametrize("token_id", [-1, 4, 2**62])
def test_an_id_beyond_the_table_is_an_index_error(token_id: int) -> None:
    with pytest.raises(IndexError, match=rf"target_ids\[1\] is {token_id}; .* from 0 to 3"):
        kernels.cross_entropy_forward(
            torch.zeros(2, 4), torch.tensor([0, token_id]), nll=torch.zeros(2), num_threads=1
        )


def test_an_unknown_instruction_set_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"'mmx' is not usable here; usable are:.* portable"):
        kernels.force("mmx")

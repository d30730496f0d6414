"""Steps of packed networks against the float64 reference."""

import pytest
import torch
from torch import Tensor

import nextword_kernels as kernels
from reference_network import CELLS, Weights, made_up_weights, packed, reference_step

#: Relative L2 error of states and log-probabilities. With int8 the weights are rounded too.
LIMITS = {"float32": 1e-5, "bfloat16": 2e-2, "int8": 5e-2}

#: (vocabulary, hidden size, rows): odd ones, whole vectors, and several groups of rows.
SIZES = [(2, 1, 1), (17, 7, 3), (101, 63, 1), (101, 64, 53)]


def read(
    weights: Weights, token_ids: Tensor, states: list[Tensor], *, precision: str, **options: object
) -> tuple[Tensor, list[Tensor]]:
    """Run the packed network; return log-probabilities and the final state."""
    has_table = bool(options.pop("has_table", False))
    network = packed(weights, precision=precision, has_table=has_table)
    log_probs = torch.full((*token_ids.shape, weights.vocab_size), torch.nan)
    states = [state.clone() for state in states]
    arguments = {"num_threads": 1, **options}
    network.read(token_ids, states=states, log_probs=log_probs, **arguments)
    return log_probs, states


def worst_error(weights: Weights, *, num_rows: int, precision: str, **options: object) -> float:
    """Compare two steps with the reference."""
    token_ids = torch.randint(weights.vocab_size, (2, num_rows))
    states = weights.states(num_rows)
    log_probs, final = read(weights, token_ids, states, precision=precision, **options)
    first, between = reference_step(weights, token_ids[0], states)
    second, expected = reference_step(weights, token_ids[1], between)
    pairs = [(log_probs[0], first), (log_probs[1], second), *zip(final, expected, strict=True)]
    # Two ids and one unit have log-probabilities near 0, whose relative error says little.
    errors = [
        ((result.double() - truth).norm() / (truth.norm() + 1e-3 * truth.numel() ** 0.5)).item()
        for result, truth in pairs
    ]
    return max(error if error == error else float("inf") for error in errors)


@pytest.mark.parametrize("has_table", [True, False], ids=["table", "vectors"])
@pytest.mark.parametrize("precision", LIMITS)
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("sizes", SIZES, ids=lambda sizes: "V{}-H{}-B{}".format(*sizes))
def test_network_of_any_size_equals_the_reference(
    instruction_set: str, sizes: tuple[int, int, int], cell: str, precision: str, has_table: bool
) -> None:
    torch.manual_seed(0)
    vocab_size, hidden_size, num_rows = sizes
    weights = made_up_weights(cell, vocab_size=vocab_size, hidden_size=hidden_size)

    error = worst_error(weights, num_rows=num_rows, precision=precision, has_table=has_table)

    assert error <= LIMITS[precision]


@pytest.mark.parametrize("precision", LIMITS)
@pytest.mark.parametrize(
    ("cell", "options"),
    [
        ("lstm", {"projection_size": 13}),
        ("lstm", {"projection_size": 13, "residual": True, "num_layers": 3}),
        ("gru", {"residual": True, "num_layers": 3}),
        ("tanh", {"embedding_size": 5, "num_layers": 1}),
    ],
    ids=["projection", "both", "residual", "embedding"],
)
def test_network_with_options_equals_the_reference(
    instruction_set: str, cell: str, options: dict[str, int], precision: str
) -> None:
    torch.manual_seed(0)
    weights = made_up_weights(cell, vocab_size=50, hidden_size=39, **options)  # type: ignore[arg-type]

    error = worst_error(weights, num_rows=4, precision=precision)

    assert error <= LIMITS[precision]


@pytest.mark.parametrize("precision", LIMITS)
@pytest.mark.parametrize(
    ("sizes", "widths"),
    [([11], [None]), ([23, 17], [7, 3]), ([1, 40], [None, 5]), ([49], [16]), ([50], [16])],
    ids=["full-width", "narrow", "one-word", "one-in-the-head", "all-in-a-tail"],
)
def test_adaptive_softmax_equals_the_reference(
    instruction_set: str, sizes: list[int], widths: list[int | None], precision: str
) -> None:
    torch.manual_seed(0)
    weights = made_up_weights("lstm", vocab_size=50, hidden_size=39).with_tails(sizes, widths)

    error = worst_error(weights, num_rows=4, precision=precision)

    assert error <= LIMITS[precision]


@pytest.mark.parametrize("num_threads", [2, 3])
@pytest.mark.parametrize("num_rows", [1, 5])
@pytest.mark.parametrize("precision", LIMITS)
def test_network_on_several_threads_gives_the_very_same_numbers(
    precision: str, num_rows: int, num_threads: int
) -> None:
    torch.manual_seed(0)
    weights = made_up_weights("lstm", vocab_size=300, hidden_size=63, projection_size=20)
    token_ids = torch.randint(300, (3, num_rows))
    states = weights.states(num_rows)

    several = read(weights, token_ids, states, precision=precision, num_threads=num_threads)

    one = read(weights, token_ids, states, precision=precision)
    assert torch.equal(several[0], one[0])
    assert all(map(torch.equal, several[1], one[1]))


def test_int8_sums_are_exact_on_every_instruction_set(instruction_set: str) -> None:
    torch.manual_seed(0)
    codes = torch.randint(-127, 128, (40, 301), dtype=torch.int8)
    scales, operand = torch.rand(40), torch.rand(1, 301)
    zeros = torch.zeros(301, 301)
    # A ReLU layer that repeats its input, whose codes are then the operand of the output layer.
    layer = (None, kernels.pack_codes(zeros.to(torch.int8), scales=torch.ones(301)), None)
    network = kernels.RecurrentNetwork(
        "relu",
        layers=[layer],
        tokens=operand.expand(40, -1).contiguous(),
        holds_gates=True,
        output=kernels.pack_codes(codes, scales=scales),
    )
    log_probs = torch.empty(1, 1, 40)

    network.read(
        torch.zeros(1, 1).long(),
        states=[torch.zeros(1, 301)],
        log_probs=log_probs,
        num_threads=1,
    )

    step = operand.max().double() / 127
    rounded = (operand.double() / step).round() * step
    logits = rounded @ (codes.double() * scales.double()[:, None]).T
    # Only the scales are rounded, to float32.
    torch.testing.assert_close(log_probs[0].double(), logits.log_softmax(1), rtol=3e-6, atol=1e-3)


@pytest.mark.parametrize("num_rows", [1, 2, 30])
def test_rows_do_not_depend_on_each_other(instruction_set: str, num_rows: int) -> None:
    torch.manual_seed(0)
    weights = made_up_weights("gru", vocab_size=30, hidden_size=20)
    token_ids, states = torch.randint(30, (4, num_rows)), weights.states(num_rows)

    together, _ = read(weights, token_ids, states, precision="int8")

    row = num_rows - 1
    alone, _ = read(
        weights,
        token_ids[:, row:].contiguous(),
        [state[row:] for state in states],
        precision="int8",
    )
    assert torch.equal(together[:, row], alone[:, 0])


def test_slots_choose_the_states_that_are_updated() -> None:
    torch.manual_seed(0)
    weights = made_up_weights("lstm", vocab_size=30, hidden_size=20)
    pool, slots = weights.states(6), torch.tensor([4, 0, 3])
    token_ids = torch.randint(30, (2, 3))
    network = packed(weights, precision="float32", has_table=True)
    before = [state.clone() for state in pool]
    log_probs = torch.empty(2, 3, 30)

    network.read(token_ids, states=pool, slots=slots, log_probs=log_probs, num_threads=1)

    chosen = [state[slots] for state in before]
    expected, final = read(weights, token_ids, chosen, precision="float32", has_table=True)
    assert torch.equal(log_probs, expected)
    for state, old, new in zip(pool, before, final, strict=True):
        assert torch.equal(state[slots], new)
        assert torch.equal(state[[1, 2, 5]], old[[1, 2, 5]])


def test_id_that_is_never_predicted_has_minus_infinity() -> None:
    torch.manual_seed(0)
    weights = made_up_weights("lstm", vocab_size=30, hidden_size=20)
    weights.output_bias[3] = -torch.inf

    log_probs, _ = read(weights, torch.tensor([[3]]), weights.states(1), precision="int8")

    assert log_probs[0, 0, 3] == -torch.inf
    torch.testing.assert_close(log_probs.exp().sum(), torch.tensor(1.0))


@pytest.mark.parametrize("precision", LIMITS)
def test_nan_in_a_state_comes_through_in_its_row_only(instruction_set: str, precision: str) -> None:
    torch.manual_seed(0)
    weights = made_up_weights("lstm", vocab_size=30, hidden_size=20)
    states = weights.states(2)
    states[0][1, 7] = torch.nan

    log_probs, _ = read(weights, torch.zeros(1, 2).long(), states, precision=precision)

    assert log_probs[0, 1].isnan().all()
    assert not log_probs[0, 0].isnan().any()


def _layers(weights: Weights) -> list[tuple[object, ...]]:
    return [
        (
            kernels.pack_rows(layer.input, bias=layer.bias, precision="float32"),
            kernels.pack_rows(layer.recurrent, precision="float32"),
            None,
        )
        for layer in weights.layers
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cell": "cifg"}, "cell is 'cifg'; it must be 'lstm', 'gru'"),
        ({"cell": "gru"}, "recurrent matrix of layer 0 has the shape"),
        ({"layers": []}, "at least one layer"),
        ({"tokens": torch.zeros(30, 19)}, r"input matrix of layer 0.*\(80, 20\).*\(80, 19\)"),
        ({"tokens": torch.zeros(29, 20)}, "29 tokens; the output layer has 30"),
        ({"holds_gates": True}, "input matrix of layer 0 is given, but there is a table"),
        (
            {"output": kernels.pack_rows(torch.zeros(30, 7), precision="float32")},
            "output layer has 7 columns; the last layer has 20 outputs",
        ),
        (
            {"output": kernels.pack_rows(torch.zeros(30, 20), precision="bfloat16")},
            "another precision than the output layer",
        ),
    ],
)
def test_network_whose_parts_do_not_fit_is_refused(change: dict[str, object], message: str) -> None:
    weights = made_up_weights("lstm", vocab_size=30, hidden_size=20)
    good: dict[str, object] = {
        "cell": "lstm",
        "layers": _layers(weights),
        "tokens": weights.embedding,
        "holds_gates": False,
        "output": kernels.pack_rows(weights.output, precision="float32"),
    }

    with pytest.raises(ValueError, match=message):
        kernels.RecurrentNetwork(**{**good, **change})  # type: ignore[arg-type]


def test_slot_used_twice_is_refused() -> None:
    weights = made_up_weights("lstm", vocab_size=30, hidden_size=20)
    network = packed(weights, precision="float32", has_table=False)

    with pytest.raises(ValueError, match="slots has 1 twice"):
        network.read(
            torch.zeros(1, 2).long(),
            states=weights.states(3),
            slots=torch.tensor([1, 1]),
            num_threads=1,
        )


def test_codes_that_do_not_fit_are_refused() -> None:
    scales = torch.ones(2)

    with pytest.raises(ValueError, match=r"-128; codes must be from -127 to 127"):
        kernels.pack_codes(torch.full((2, 3), -128, dtype=torch.int8), scales=scales)
    with pytest.raises(ValueError, match=r"65537 columns.*65536 products"):
        kernels.pack_codes(torch.zeros(2, 65537, dtype=torch.int8), scales=scales)

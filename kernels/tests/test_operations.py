"""Cross-entropy, dropout, transposes and activations against torch."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

import nextword_kernels as kernels

LIMITS = {torch.float32: 1e-5, torch.bfloat16: 2e-2}
DTYPES = pytest.mark.parametrize("dtype", LIMITS, ids=["float32", "bfloat16"])
SIZES = [(1, 1), (3, 7), (5, 64), (2, 1000), (7, 10_001)]


def relative_error(result: Tensor, expected: Tensor) -> float:
    difference = (result.double() - expected.double()).norm().item()
    return difference / max(expected.double().norm().item(), 1e-30)


@DTYPES
@pytest.mark.parametrize(("num_rows", "vocab_size"), SIZES)
@pytest.mark.parametrize("num_threads", [1, 3])
def test_cross_entropy_gives_loss_and_gradients(
    instruction_set: str, num_threads: int, num_rows: int, vocab_size: int, dtype: torch.dtype
) -> None:
    logits = (torch.randn(num_rows, vocab_size) * 3).to(dtype)
    target_ids = torch.randint(vocab_size, (num_rows,))
    row_gradients = torch.rand(num_rows) + 0.5
    bias = torch.randn(vocab_size) if num_rows % 2 else None
    leaf = logits.double() if bias is None else logits.double() + bias
    leaf.requires_grad_()
    expected = functional.cross_entropy(leaf, target_ids, reduction="none")
    (expected * row_gradients).sum().backward()
    nll, log_sums, grad_bias = torch.empty(num_rows), torch.empty(num_rows), torch.empty(vocab_size)

    kernels.cross_entropy_forward(
        logits, target_ids, bias=bias, nll=nll, log_sums=log_sums, num_threads=num_threads
    )
    kernels.cross_entropy_backward(
        logits,
        target_ids,
        bias=bias,
        log_sums=log_sums,
        row_gradients=row_gradients,
        grad_bias=grad_bias,
        num_threads=num_threads,
    )

    assert relative_error(nll, expected.detach()) <= 1e-5
    assert relative_error(log_sums, leaf.detach().logsumexp(1)) <= 1e-5
    assert leaf.grad is not None
    if vocab_size > 1:
        assert relative_error(logits, leaf.grad) <= LIMITS[dtype]
        assert relative_error(grad_bias, leaf.grad.sum(0)) <= 1e-5


@DTYPES
def test_cross_entropy_forward_leaves_the_logits(dtype: torch.dtype) -> None:
    logits, nll = torch.randn(3, 70).to(dtype), torch.empty(3)
    before = logits.clone()

    kernels.cross_entropy_forward(logits, torch.tensor([0, 69, 5]), nll=nll, num_threads=2)

    assert torch.equal(logits, before)
    expected = functional.cross_entropy(before.float(), torch.tensor([0, 69, 5]), reduction="none")
    torch.testing.assert_close(nll, expected)


def test_cross_entropy_with_impossible_words_gives_them_no_gradient(instruction_set: str) -> None:
    logits, target_ids = torch.randn(2, 37), torch.tensor([0, 36])
    logits[:, 5] = -torch.inf
    expected = torch.softmax(logits, dim=1)
    expected[torch.arange(2), target_ids] -= 1

    kernels.cross_entropy_backward(
        logits,
        target_ids,
        log_sums=logits.logsumexp(1),
        row_gradients=torch.ones(2),
        num_threads=1,
    )

    assert (logits[:, 5] == 0).all()
    torch.testing.assert_close(logits, expected)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([0.0, -torch.inf, 1.0], torch.inf),
        ([-torch.inf] * 3, torch.nan),
        ([torch.nan, 0.0, 1.0], torch.nan),
        ([1e30, 1e30, 1e30], 1.0986123),
    ],
    ids=["impossible-target", "nothing-possible", "nan", "huge"],
)
def test_cross_entropy_at_the_edges_is_torchs(
    instruction_set: str, row: list[float], expected: float
) -> None:
    nll = torch.empty(1)

    kernels.cross_entropy_forward(torch.tensor([row]), torch.tensor([1]), nll=nll, num_threads=1)

    torch.testing.assert_close(nll, torch.tensor([expected]), equal_nan=True)


def masks(num_elements: int, probability: float, *, seed: int = 1, offset: int = 0) -> Tensor:
    mask = torch.empty(num_elements)
    kernels.dropout(
        None, outputs=mask, probability=probability, seed=seed, offset=offset, num_threads=1
    )
    return mask


@pytest.mark.parametrize("probability", [0.0, 0.1, 0.5, 0.9])
def test_dropout_drops_the_share_and_scales_the_rest(probability: float) -> None:
    num_elements = 400_000

    mask = masks(num_elements, probability)

    tolerance = 4 * (probability * (1 - probability) / num_elements) ** 0.5
    assert abs((mask == 0).double().mean().item() - probability) <= tolerance
    torch.testing.assert_close(mask.max().item(), 1 / (1 - probability), rtol=1e-6, atol=0.0)


def test_dropout_of_everything_gives_zeros_even_for_infinities() -> None:
    inputs = torch.tensor([1.0, torch.inf, torch.nan])

    kernels.dropout(inputs, outputs=inputs, probability=1.0, seed=0, offset=0, num_threads=1)

    assert torch.equal(inputs, torch.zeros(3))


def test_dropout_mask_is_the_same_on_every_instruction_set_and_thread_count() -> None:
    found = []
    try:
        for name in kernels.instruction_sets():
            kernels.force(name)
            for num_threads in (1, 3):
                mask = torch.empty(1001)
                kernels.dropout(
                    None, outputs=mask, probability=0.4, seed=7, offset=9, num_threads=num_threads
                )
                found.append(mask)
    finally:
        kernels.force(None)

    assert all(torch.equal(mask, found[0]) for mask in found)


def test_dropout_from_a_later_offset_continues_the_mask() -> None:
    whole = masks(640, 0.5)

    later = masks(576, 0.5, offset=16)

    assert torch.equal(later, whole[64:])


@pytest.mark.parametrize("change", [{"seed": 2}, {"seed": 1 + 2**32}, {"offset": 2**32}])
def test_dropout_with_another_seed_or_offset_is_another_mask(change: dict[str, int]) -> None:
    agreement = (masks(64_000, 0.5) == masks(64_000, 0.5, **change)).double().mean().item()

    assert abs(agreement - 0.5) < 0.01


def test_dropout_draws_the_published_philox_numbers() -> None:
    # The first word of Philox4x32-10 for counter 0 and key 0 is 0x6627e8d5 (Random123's known
    # answers): just below the threshold it is dropped, just above it is kept.
    first = 0x6627E8D5 / 2**32

    assert masks(1, first, seed=0).item() > 0
    assert masks(1, first + 2**-32, seed=0).item() == 0


@DTYPES
def test_dropout_backward_is_the_same_call_on_the_gradient(
    instruction_set: str, dtype: torch.dtype
) -> None:
    inputs = torch.randn(3, 50).abs().to(dtype) + 1
    outputs, gradients = torch.empty_like(inputs), torch.ones_like(inputs)
    options = {"probability": 0.5, "seed": 3, "offset": 4, "num_threads": 2}

    kernels.dropout(inputs, outputs=outputs, **options)
    kernels.dropout(gradients, outputs=gradients, **options)

    assert torch.equal(outputs, inputs * gradients)


@DTYPES
@pytest.mark.parametrize(
    "shape", [(1, 1), (31, 200), (33, 17), (64, 48), (100, 650), (0, 5), (5, 0)]
)
def test_transpose_is_torchs(
    instruction_set: str, shape: tuple[int, int], dtype: torch.dtype
) -> None:
    matrix = torch.randn(shape)
    for num_threads in (1, 3):
        out = torch.full((shape[1], shape[0]), torch.nan, dtype=dtype)

        kernels.transpose(matrix, out=out, num_threads=num_threads)

        assert torch.equal(out, matrix.t().to(dtype))


def activated(inputs: Tensor, nonlinearity: str) -> Tensor:
    """Send numbers through a kernel's activation: a layer whose recurrent matrix is 0."""
    size = len(inputs)
    gates, outputs = torch.empty(1, 1, size), torch.empty(1, 1, size)
    kernels.elman_forward(
        kernels.pack(torch.zeros(size, size), precision="float32", num_threads=1),
        input_gates=inputs.view(1, 1, size),
        initial_hidden=torch.zeros(1, size),
        nonlinearity=nonlinearity,
        gates=gates,
        outputs=outputs,
        final_hidden=torch.empty(1, size),
        num_threads=1,
    )
    return outputs.view(size)


@pytest.mark.parametrize("nonlinearity", ["tanh", "sigmoid"])
@pytest.mark.parametrize("largest", [1e-30, 1e-3, 1.0, 12.0, 80.0])
def test_activations_are_right_to_three_units_in_the_last_place(
    instruction_set: str, nonlinearity: str, largest: float
) -> None:
    inputs = torch.linspace(-largest, largest, 999)

    results = activated(inputs, nonlinearity)

    expected = getattr(torch, nonlinearity)(inputs.double())
    unit = torch.nextafter(expected.float().abs(), torch.tensor(torch.inf)) - expected.float().abs()
    assert ((results - expected).abs() / unit).max() <= 3.0


@pytest.mark.parametrize(
    ("nonlinearity", "expected"),
    [("tanh", [-1.0, 1.0, torch.nan, 0.0]), ("sigmoid", [0.0, 1.0, torch.nan, 0.5])],
)
def test_activations_at_the_edges_are_their_limits(
    instruction_set: str, nonlinearity: str, expected: list[float]
) -> None:
    inputs = torch.tensor([-torch.inf, torch.inf, torch.nan, 0.0])

    torch.testing.assert_close(
        activated(inputs, nonlinearity), torch.tensor(expected), rtol=0, atol=0, equal_nan=True
    )

"""The chunked loss equals the plain one, whatever the blocks."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from nextword.layers import ChunkedSoftmax, FullSoftmax, linear_cross_entropy
from nextword.layers.heads import chunked

HIDDEN, VOCAB = 5, 23
#: Positions, and scores held at a time: blocks of one word, of odd sizes, and all in one.
CASES = [(1, 1), (7, 7 * 4), (7, 7 * 10 + 3), (63, 63 * 7), (63, 2**24), (0, 5)]
cases = pytest.mark.parametrize(("num_positions", "max_scores"), CASES)


def case(
    num_positions: int, dtype: torch.dtype = torch.float64
) -> tuple[tuple[Tensor, Tensor, Tensor], Tensor]:
    torch.manual_seed(0)
    shapes = ((num_positions, HIDDEN), (VOCAB, HIDDEN), (VOCAB,))
    operands = tuple(torch.randn(shape, dtype=dtype, requires_grad=True) for shape in shapes)
    return operands, torch.randint(VOCAB, (num_positions,))  # type: ignore[return-value]


def chunked_nll(hidden: Tensor, weight: Tensor, bias: Tensor, target_ids: Tensor) -> Tensor:
    return linear_cross_entropy(hidden, weight, bias=bias, target_ids=target_ids)


def plain(hidden: Tensor, weight: Tensor, bias: Tensor, target_ids: Tensor) -> Tensor:
    logits = functional.linear(hidden, weight, bias)
    return functional.cross_entropy(logits, target_ids, reduction="none")


def relative_error(actual: Tensor, expected: Tensor) -> float:
    return float(((actual.double() - expected).norm() / expected.norm()).detach())


@cases
def test_linear_cross_entropy_equals_the_plain_loss(
    monkeypatch: pytest.MonkeyPatch, num_positions: int, max_scores: int
) -> None:
    monkeypatch.setattr(chunked, "BLOCK_SCORES", max_scores)
    operands, target_ids = case(num_positions)

    nll = chunked_nll(*operands, target_ids)

    torch.testing.assert_close(nll, plain(*operands, target_ids), rtol=1e-12, atol=1e-12)


@cases
def test_linear_cross_entropy_gradients_equal_the_plain_ones(
    monkeypatch: pytest.MonkeyPatch, num_positions: int, max_scores: int
) -> None:
    monkeypatch.setattr(chunked, "BLOCK_SCORES", max_scores)
    operands, target_ids = case(num_positions)
    weigh = torch.randn(num_positions, dtype=torch.float64)

    gradients = torch.autograd.grad((chunked_nll(*operands, target_ids) * weigh).sum(), operands)

    expected = torch.autograd.grad((plain(*operands, target_ids) * weigh).sum(), operands)
    torch.testing.assert_close(gradients, expected, rtol=1e-11, atol=1e-11)


def test_linear_cross_entropy_gradient_is_that_of_differences(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chunked, "BLOCK_SCORES", 3 * 7)
    operands, target_ids = case(3)

    assert torch.autograd.gradcheck(lambda *inputs: chunked_nll(*inputs, target_ids), operands)


def test_linear_cross_entropy_impossible_words_cost_nothing_and_get_no_gradient(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chunked, "BLOCK_SCORES", 3 * 2)
    (hidden, weight, bias), _ = case(3)
    never = torch.tensor([0, 1, 8])  # a whole block of two words among them
    masked = bias.index_fill(0, never, -math.inf)
    target_ids = torch.tensor([2, 7, 22])

    nll = chunked_nll(hidden, weight, masked, target_ids)
    nll.sum().backward()

    torch.testing.assert_close(nll, plain(hidden, weight, masked, target_ids))
    assert weight.grad is not None
    assert weight.grad.isfinite().all()
    assert not weight.grad[never].any()


def test_linear_cross_entropy_impossible_target_costs_infinity() -> None:
    (hidden, weight, bias), _ = case(1)
    masked = bias.index_fill(0, torch.tensor([4]), -math.inf)

    assert chunked_nll(hidden, weight, masked, torch.tensor([4])).item() == math.inf


@pytest.mark.parametrize("max_scores", [63 * 7, 2**24])
def test_linear_cross_entropy_autocast_is_within_bfloat16_of_the_truth(
    monkeypatch: pytest.MonkeyPatch, max_scores: int
) -> None:
    monkeypatch.setattr(chunked, "BLOCK_SCORES", max_scores)
    exact, target_ids = case(63)
    operands = [operand.detach().float().requires_grad_() for operand in exact]

    with torch.autocast("cpu", torch.bfloat16):
        nll = chunked_nll(*operands, target_ids)
    gradients = torch.autograd.grad(nll.sum(), operands)

    expected = plain(*exact, target_ids)
    assert nll.dtype == torch.float32
    assert relative_error(nll, expected.detach()) < 2e-2
    for gradient, wanted in zip(gradients, torch.autograd.grad(expected.sum(), exact), strict=True):
        assert gradient.dtype == torch.float32
        assert relative_error(gradient, wanted) < 2e-2


@pytest.mark.parametrize("fault", ["forgets the last block", "scores a target's block as its own"])
def test_linear_cross_entropy_planted_fault_is_seen(
    monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(chunked, "BLOCK_SCORES", 7 * 10)
    blocks, between = chunked._blocks, chunked._targets_between
    if fault == "forgets the last block":
        monkeypatch.setattr(chunked, "_blocks", lambda *sizes: list(blocks(*sizes))[:-1])
    else:
        monkeypatch.setattr(
            chunked, "_targets_between", lambda ids, low, high: between(ids - low, low, high)
        )
    operands, target_ids = case(7)

    try:
        nll = chunked_nll(*operands, target_ids)
        is_equal = torch.allclose(nll, plain(*operands, target_ids))
    except IndexError:
        is_equal = False

    assert not is_equal


def test_chunked_softmax_trains_as_the_full_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunked, "BLOCK_SCORES", 7 * 4)
    full = FullSoftmax(HIDDEN, VOCAB, never_ids=(0, 2)).double()
    output = ChunkedSoftmax(HIDDEN, VOCAB, never_ids=(0, 2)).double()
    output.load_state_dict(full.state_dict())
    hidden = torch.randn(7, HIDDEN, dtype=torch.float64)
    target_ids = torch.tensor([1, 3, 3, 4, 10, 21, 22])

    for each in (full, output):
        each.nll(hidden, target_ids).sum().backward()

    torch.testing.assert_close(output.weight.grad, full.weight.grad, rtol=1e-11, atol=1e-11)
    torch.testing.assert_close(output.bias.grad, full.bias.grad, rtol=1e-11, atol=1e-11)
    assert torch.equal(output.log_probs(hidden), full.log_probs(hidden))


@pytest.mark.parametrize("with_gradients", [True, False])
def test_chunked_softmax_never_holds_more_scores_than_it_says(
    monkeypatch: pytest.MonkeyPatch, with_gradients: bool
) -> None:
    monkeypatch.setattr(chunked, "BLOCK_SCORES", 7 * 4)
    output, seen = ChunkedSoftmax(HIDDEN, VOCAB), []
    scores = chunked._scores

    def note(*operands: Tensor) -> Tensor:
        block = scores(*operands)
        seen.append(block.numel())
        return block

    monkeypatch.setattr(chunked, "_scores", note)

    with torch.set_grad_enabled(with_gradients):
        nll = output.nll(torch.randn(7, HIDDEN), torch.randint(VOCAB, (7,)))
        if with_gradients:
            nll.sum().backward()

    assert max(seen) == output.num_scores_held(7) == 28
    assert sum(seen) == 7 * VOCAB * (2 if with_gradients else 1)

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from nextword.layers import cross_entropy

SHAPES = [(1, 1), (1, 7), (63, 7), (7, 501), (0, 5)]
shapes = pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: "x".join(map(str, shape)))


def case(shape: tuple[int, int], dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    logits = (5 * torch.randn(*shape)).to(dtype).requires_grad_()
    return logits, torch.randint(shape[1], (shape[0],))


@shapes
def test_cross_entropy_equals_torch(shape: tuple[int, int]) -> None:
    logits, target_ids = case(shape)

    nll = cross_entropy(logits, target_ids)

    expected = functional.cross_entropy(logits, target_ids, reduction="none")
    torch.testing.assert_close(nll, expected, rtol=1e-12, atol=1e-12)


@shapes
def test_cross_entropy_gradient_equals_torch(shape: tuple[int, int]) -> None:
    logits, target_ids = case(shape)
    weigh = torch.randn(shape[0], dtype=torch.float64)

    (gradient,) = torch.autograd.grad((cross_entropy(logits, target_ids) * weigh).sum(), logits)

    expected = functional.cross_entropy(logits, target_ids, reduction="none")
    (wanted,) = torch.autograd.grad((expected * weigh).sum(), logits)
    torch.testing.assert_close(gradient, wanted, rtol=1e-12, atol=1e-12)


def test_cross_entropy_gradient_is_that_of_differences() -> None:
    logits, target_ids = case((3, 5))
    (gradient,) = torch.autograd.grad(cross_entropy(logits, target_ids).sum(), logits)

    # torch's gradcheck goes back through one graph many times, which ours forbids.
    step, differences = 1e-6, torch.zeros_like(gradient)
    for index in range(logits.numel()):
        moved = torch.zeros_like(gradient)
        moved.view(-1)[index] = step
        above, below = (cross_entropy(logits + sign * moved, target_ids) for sign in (1, -1))
        differences.view(-1)[index] = (above - below).sum().detach() / (2 * step)

    torch.testing.assert_close(gradient, differences, rtol=1e-6, atol=1e-8)


def test_cross_entropy_bfloat16_scores_in_float32_with_bfloat16_gradients() -> None:
    logits, target_ids = case((63, 501), torch.bfloat16)

    nll = cross_entropy(logits, target_ids)
    (gradient,) = torch.autograd.grad(nll.sum(), logits)

    exact = logits.detach().double().requires_grad_()
    expected = functional.cross_entropy(exact, target_ids, reduction="none")
    (wanted,) = torch.autograd.grad(expected.sum(), exact)
    assert (nll.dtype, gradient.dtype) == (torch.float32, torch.bfloat16)
    torch.testing.assert_close(nll.double(), expected, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(gradient.double(), wanted, rtol=2**-8, atol=1e-6)


def test_cross_entropy_impossible_words_get_no_gradient() -> None:
    logits, _ = case((4, 6))
    masked = logits.index_fill(1, torch.tensor([0, 5]), -math.inf)

    cross_entropy(masked, torch.tensor([1, 2, 3, 4])).sum().backward()

    assert logits.grad is not None
    assert logits.grad.isfinite().all()
    assert not logits.grad[:, [0, 5]].any()


def test_cross_entropy_impossible_target_costs_infinity() -> None:
    logits = torch.tensor([[0.0, -math.inf]])

    assert cross_entropy(logits, torch.tensor([1])).item() == math.inf


@settings(max_examples=30)
@given(st.integers(1, 50), st.floats(-1e4, 1e4))
def test_cross_entropy_equal_scores_cost_log_vocab_whatever_they_are(
    vocab_size: int, score: float
) -> None:
    logits = torch.full((2, vocab_size), score, dtype=torch.float64)

    nll = cross_entropy(logits, torch.tensor([0, vocab_size - 1]))

    torch.testing.assert_close(nll, torch.full_like(nll, math.log(vocab_size)), atol=1e-9, rtol=0)


def test_cross_entropy_leaves_the_logits_as_they_were() -> None:
    logits, target_ids = case((3, 5), torch.float32)
    before = logits.detach().clone()

    cross_entropy(logits, target_ids).sum().backward()

    assert torch.equal(logits.detach(), before)


def test_cross_entropy_second_backward_is_refused() -> None:
    logits, target_ids = case((3, 5))
    loss = cross_entropy(logits, target_ids).sum()
    loss.backward()

    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        loss.backward()


def test_cross_entropy_second_backward_with_a_kept_graph_is_refused_too() -> None:
    logits, target_ids = case((3, 5))
    loss = cross_entropy(logits, target_ids).sum()
    loss.backward(retain_graph=True)

    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from nextword.layers import Additions
from nextword.layers.heads.losses import fused_linear, linear_nll, score_passes

needs_kernels = pytest.mark.skipif(
    not fused_linear.kernels_are_installed(), reason="needs nextword-kernels"
)
LIMITS = {torch.float32: 1e-5, torch.bfloat16: 2e-2}
SHAPES = [(1, 1, 2), (7, 63, 501), (63, 65, 1001), (0, 5, 7)]


@pytest.fixture(params=[True, False], ids=["kernels", "torch"])
def with_kernels(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    if request.param and not fused_linear.kernels_are_installed():
        pytest.skip("needs nextword-kernels")
    monkeypatch.setattr(fused_linear, "kernels_are_installed", lambda: request.param)
    return bool(request.param)


def operands_of(num_positions: int, hidden_size: int, vocab_size: int) -> list[Tensor]:
    torch.manual_seed(0)
    hidden = torch.randn(num_positions, hidden_size)
    weight, bias = torch.randn(vocab_size, hidden_size) * hidden_size**-0.5, torch.randn(vocab_size)
    return [tensor.requires_grad_() for tensor in (hidden, weight, bias)]


def relative_error(result: Tensor, truth: Tensor) -> float:
    return float((result.double() - truth).norm() / truth.norm().clamp(min=1e-30))


def losses_and_gradients(
    operands: list[Tensor], target_ids: Tensor, row_weights: Tensor
) -> list[Tensor]:
    hidden, weight, bias = operands
    nll = linear_nll(hidden, weight, bias=bias, target_ids=target_ids)
    return [nll.detach(), *torch.autograd.grad((nll * row_weights).sum(), operands)]


def truth_of(operands: list[Tensor], target_ids: Tensor, row_weights: Tensor) -> list[Tensor]:
    exact = [operand.detach().double().requires_grad_() for operand in operands]
    nll = functional.cross_entropy(functional.linear(*exact), target_ids, reduction="none")
    return [nll.detach(), *torch.autograd.grad((nll * row_weights).sum(), exact)]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: "x".join(map(str, shape)))
@pytest.mark.parametrize("dtype", LIMITS, ids=["float32", "bfloat16"])
def test_linear_nll_and_its_gradients_are_the_float64_ones(
    with_kernels: bool, shape: tuple[int, int, int], dtype: torch.dtype
) -> None:
    operands = operands_of(*shape)
    target_ids = torch.randint(shape[2], (shape[0],))
    row_weights = torch.rand(shape[0])

    with torch.autocast("cpu", dtype=dtype, enabled=dtype == torch.bfloat16):
        results = losses_and_gradients(operands, target_ids, row_weights)

    truth = truth_of(operands, target_ids, row_weights)
    assert [result.dtype for result in results] == [torch.float32] * 4
    for result, exact in zip(results, truth, strict=True):
        assert relative_error(result, exact) <= LIMITS[dtype]


@pytest.mark.parametrize("dtype", LIMITS, ids=["float32", "bfloat16"])
def test_linear_nll_with_additions_is_the_float64_one(
    with_kernels: bool, dtype: torch.dtype
) -> None:
    operands, target_ids = operands_of(63, 65, 501), torch.randint(501, (63,))
    hidden, weight, bias = operands
    places = torch.randint(63 * 501, (4000,))
    scores = torch.randn(4000, requires_grad=True)
    additions = Additions(places=places, scores=scores, vocab_size=501)

    with torch.autocast("cpu", dtype=dtype, enabled=dtype == torch.bfloat16):
        nll = linear_nll(hidden, weight, bias=bias, target_ids=target_ids, additions=additions)
    results = [nll.detach(), *torch.autograd.grad(nll.sum(), [*operands, scores])]

    exact = [each.detach().double().requires_grad_() for each in (*operands, scores)]
    logits = functional.linear(*exact[:3]).flatten().index_add(0, places, exact[3]).view(63, 501)
    expected = functional.cross_entropy(logits, target_ids, reduction="none")
    truth = [expected.detach(), *torch.autograd.grad(expected.sum(), exact)]
    assert [result.dtype for result in results] == [torch.float32] * 5
    for result, wanted in zip(results, truth, strict=True):
        assert relative_error(result, wanted) <= LIMITS[dtype]


def test_linear_nll_impossible_words_cost_nothing_and_get_no_gradient(with_kernels: bool) -> None:
    hidden, weight, bias = operands_of(4, 5, 6)
    masked = bias.index_fill(0, torch.tensor([0, 5]), -torch.inf)

    linear_nll(hidden, weight, bias=masked, target_ids=torch.tensor([1, 2, 3, 4])).sum().backward()

    for gradient in (hidden.grad, weight.grad, bias.grad):
        assert gradient is not None
        assert gradient.isfinite().all()
    assert bias.grad is not None
    assert not bias.grad[[0, 5]].any()


def test_linear_nll_frozen_operands_get_no_gradient(with_kernels: bool) -> None:
    hidden, weight, bias = operands_of(4, 5, 6)

    others = {"bias": bias, "target_ids": torch.tensor([1, 2, 3, 4])}
    linear_nll(hidden.detach(), weight, **others).sum().backward()
    linear_nll(hidden, weight.detach(), **others).sum().backward()

    assert hidden.grad is not None
    assert weight.grad is not None


def test_linear_nll_second_backward_with_a_kept_graph_is_refused(with_kernels: bool) -> None:
    hidden, weight, bias = operands_of(4, 5, 6)
    loss = linear_nll(hidden, weight, bias=bias, target_ids=torch.tensor([1, 2, 3, 4])).sum()
    loss.backward(retain_graph=True)

    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


@needs_kernels
def test_linear_nll_is_the_same_on_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    operands, target_ids = operands_of(63, 65, 1001), torch.randint(1001, (63,))
    row_weights = torch.rand(63)
    results = []
    for num_threads in (1, 3):
        monkeypatch.setattr(score_passes, "_num_threads", lambda scores, count=num_threads: count)
        results.append(losses_and_gradients(operands, target_ids, row_weights))

    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other)


def test_linear_nll_of_ids_with_gaps_in_memory(with_kernels: bool) -> None:
    operands = operands_of(6, 5, 9)
    target_ids = torch.arange(12).remainder(9).view(6, 2)[:, 0]
    weights = torch.ones(6)

    with_gaps = losses_and_gradients(operands, target_ids, weights)

    without = losses_and_gradients(operands, target_ids.clone().contiguous(), weights)
    assert not target_ids.is_contiguous()
    for one, other in zip(with_gaps, without, strict=True):
        assert torch.equal(one, other)

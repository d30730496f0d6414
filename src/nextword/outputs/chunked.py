"""The full softmax trained without ever holding all scores.

The product with W_y and the cross-entropy are one operation that walks over the vocabulary block
by block. A block of scores is made, counted into log Σ exp, and forgotten; the backward pass makes
it again, turns it into its gradient in place, and uses that up. The price is that product twice;
what is saved is a tensor of (positions, vocab), the largest of a model with many words.

Blocks are of words, not of positions: each row of W_y and of its gradient is then read and written
once, which with many words is most of the memory traffic.
"""

from collections.abc import Iterator
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from nextword.outputs.contract import PositionNll, States, Targets
from nextword.outputs.full import FullSoftmax
from nextword.tensors import product_dtype

#: Scores of a block: 16 MB of float32, a few times over while it is worked on. Smaller ones were
#: measured to be no faster.
BLOCK_SCORES = 4 * 2**20


class _LinearCrossEntropy(torch.autograd.Function):
    """nll = log Σ exp(W h + b) - (W h + b)[target], by blocks of words."""

    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, weight: Tensor, bias: Tensor, target_ids: Tensor
    ) -> Tensor:
        operand = hidden.to(product_dtype(hidden))
        accumulator = torch.promote_types(operand.dtype, torch.float32)
        log_sum = torch.full((len(hidden),), -torch.inf, dtype=accumulator, device=hidden.device)
        target_scores = log_sum.clone()
        for low, high in _blocks(len(hidden), len(weight)):
            scores = _scores(operand, weight[low:high], bias[low:high])
            log_sum = torch.logaddexp(log_sum, scores.logsumexp(dim=1))
            rows, columns = _targets_between(target_ids, low, high)
            target_scores[rows] = scores[rows, columns]
        ctx.save_for_backward(operand, weight, bias, target_ids, log_sum)
        ctx.hidden_dtype = hidden.dtype
        return log_sum - target_scores

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_nll: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        operand, weight, bias, target_ids, log_sum = ctx.saved_tensors
        grad_hidden = torch.zeros_like(operand, dtype=log_sum.dtype)
        grad_weight, grad_bias = torch.empty_like(weight), torch.empty_like(bias)
        for low, high in _blocks(len(operand), len(weight)):
            block = weight[low:high].to(operand.dtype)
            grad_scores = _scores(operand, block, bias[low:high])
            grad_scores.sub_(log_sum[:, None]).exp_()
            rows, columns = _targets_between(target_ids, low, high)
            grad_scores[rows, columns] -= 1.0
            grad_scores.mul_(grad_nll[:, None])
            grad_bias[low:high] = grad_scores.sum(dim=0)
            grad_scores = grad_scores.to(operand.dtype)
            grad_weight[low:high] = grad_scores.T @ operand
            grad_hidden += grad_scores @ block
        return grad_hidden.to(ctx.hidden_dtype), grad_weight, grad_bias, None


def linear_cross_entropy(
    hidden: States,
    weight: Float[Tensor, "vocab hidden"],
    bias: Float[Tensor, " vocab"],
    target_ids: Targets,
) -> PositionNll:
    """Give `cross_entropy(hidden @ weight.T + bias, target_ids)`, nats, in little memory.

    Under autocast the products are of its type; sums and the loss are of at least float32.

    Args:
        hidden: Hidden vectors.
        weight: One row a word.
        bias: One number a word; -inf marks what is never predicted.
        target_ids: Ids to predict.

    Source: the loss of lecture 004; cut in blocks as by Wijmans et al. (2025).

    Example:
        >>> hidden, weight = torch.zeros(1, 3), torch.zeros(4, 3)
        >>> round(linear_cross_entropy(hidden, weight, torch.zeros(4), torch.tensor([2])).item(), 4)
        1.3863
    """
    return _LinearCrossEntropy.apply(hidden, weight, bias, target_ids)  # type: ignore[no-any-return,no-untyped-call]


class ChunkedSoftmax(FullSoftmax):
    """ŷ = softmax(W_y h + b_y), the same as the full softmax, trained in less memory.

    Takes the arguments of `FullSoftmax`; weights, losses and gradients are its own too.

    Example:
        >>> output = ChunkedSoftmax(3, 5, never_ids=(0,))
        >>> round(output.nll(torch.zeros(1, 3), torch.tensor([2])).item(), 4)
        1.3863
    """

    def nll(self, hidden: States, target_ids: Targets) -> PositionNll:
        """Give the negative log-likelihood of each target, nats."""
        return linear_cross_entropy(hidden, self.weight, self.masked_bias(), target_ids)

    def num_scores_held(self, num_positions: int) -> int:
        """One block of them."""
        return min(super().num_scores_held(num_positions), BLOCK_SCORES)


def _blocks(num_positions: int, vocab_size: int) -> Iterator[tuple[int, int]]:
    """Cut the vocabulary so that a block's scores fit."""
    size = max(1, BLOCK_SCORES // max(1, num_positions))
    for low in range(0, vocab_size, size):
        yield low, min(low + size, vocab_size)


def _scores(operand: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Give a block of scores, (positions, words), in at least float32."""
    dtype = operand.dtype
    scores = torch.addmm(bias.to(dtype), operand, weight.to(dtype).T)
    return scores.to(torch.promote_types(dtype, torch.float32))


def _targets_between(target_ids: Tensor, low: int, high: int) -> tuple[Tensor, Tensor]:
    """Give which positions have their target in a block, and where in it."""
    rows = ((target_ids >= low) & (target_ids < high)).nonzero().squeeze(1)
    return rows, target_ids[rows] - low

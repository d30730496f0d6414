"""The full softmax, trained without all scores in memory at once.

The product with W_y and the cross-entropy are one operation, computed for one block of the
vocabulary after the other. The forward pass computes a block of scores, adds it to log Σ exp and
discards it. The backward pass computes it again, turns it into its gradient in place, and uses that
for the gradients of W_y and h. This doubles the time of the product and saves a tensor of
(positions, vocab), the largest one of a model with many words.

Blocks are of words, not of positions, so that each row of W_y and of its gradient is read and
written once. With many words this is most of the memory traffic.
"""

from collections.abc import Iterator
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from nextword.layers.heads.contract import FlatHidden, FlatNll, FlatTargets
from nextword.layers.heads.full import FullSoftmax
from nextword.tensors import product_dtype

#: Scores of a block: 16 MB in float32, and a few copies of them exist. Smaller blocks are no
#: faster (measured).
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
    hidden: FlatHidden,
    weight: Float[Tensor, "vocab hidden"],
    *,
    bias: Float[Tensor, " vocab"],
    target_ids: FlatTargets,
) -> FlatNll:
    """Return `cross_entropy(hidden @ weight.T + bias, target_ids)`, nats, using little memory.

    Under autocast the products have its dtype; sums and the loss have at least float32.

    Args:
        hidden: Hidden vectors, (positions, hidden).
        weight: One row per word, (vocab, hidden).
        bias: One value per word, (vocab); -inf for words that are never predicted.
        target_ids: Ids to predict, (positions).

    Returns:
        (positions).

    Source: the loss of [lecture-004], in blocks as in [wijmans2025].

    Example:
        >>> hidden, weight = torch.zeros(1, 3), torch.zeros(4, 3)
        >>> bias, target_ids = torch.zeros(4), torch.tensor([2])
        >>> nll = linear_cross_entropy(hidden, weight, bias=bias, target_ids=target_ids)
        >>> round(nll.item(), 4)
        1.3863
    """
    return _LinearCrossEntropy.apply(hidden, weight, bias, target_ids)  # type: ignore[no-any-return,no-untyped-call]


class ChunkedSoftmax(FullSoftmax):
    """ŷ = softmax(W_y h + b_y), the same as the full softmax, trained in less memory.

    It has the arguments and weights of `FullSoftmax`, and the same losses and gradients.

    Example:
        >>> output = ChunkedSoftmax(3, 5, never_ids=(0,))
        >>> round(output.nll(torch.zeros(1, 3), torch.tensor([2])).item(), 4)
        1.3863
    """

    def nll(self, hidden: FlatHidden, target_ids: FlatTargets) -> FlatNll:
        """Return the negative log-likelihood of each target, nats."""
        return linear_cross_entropy(
            hidden, self.weight, bias=self.masked_bias(), target_ids=target_ids
        )

    def num_scores_held(self, num_positions: int) -> int:
        """Return the number of scores in one block."""
        return min(super().num_scores_held(num_positions), BLOCK_SCORES)


def _blocks(num_positions: int, vocab_size: int) -> Iterator[tuple[int, int]]:
    """Yield the first word of each block and the word after its last one."""
    size = max(1, BLOCK_SCORES // max(1, num_positions))
    for low in range(0, vocab_size, size):
        yield low, min(low + size, vocab_size)


def _scores(operand: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return a block of scores, (positions, words), in at least float32."""
    dtype = operand.dtype
    scores = torch.addmm(bias.to(dtype), operand, weight.to(dtype).T)
    return scores.to(torch.promote_types(dtype, torch.float32))


def _targets_between(target_ids: Tensor, low: int, high: int) -> tuple[Tensor, Tensor]:
    """Return the positions whose target is in a block, and the target's index in the block."""
    rows = ((target_ids >= low) & (target_ids < high)).nonzero().squeeze(1)
    return rows, target_ids[rows] - low

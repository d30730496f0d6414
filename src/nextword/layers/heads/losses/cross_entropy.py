"""Softmax, and cross-entropy with few passes over the scores.

The scores of a step, (positions, vocab), are the largest tensor of a small model, and on a CPU the
passes over it take most of the time of the loss. The forward pass here turns one float32 copy into
probabilities in place, and the backward pass turns those into the gradient in place.
"""

from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.autograd.function import once_differentiable


class _CrossEntropy(torch.autograd.Function):
    """nll = log Σ exp(logits) - logits[target]; gradient softmax(logits) - onehot(target)."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, target_ids: Tensor) -> Tensor:
        scores = logits.to(torch.promote_types(logits.dtype, torch.float32), copy=True)
        nll = softmax_in_place(scores, target_ids)
        ctx.save_for_backward(scores, target_ids)
        ctx.logits_dtype = logits.dtype
        return nll

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_nll: Tensor) -> tuple[Tensor, None]:
        probabilities, target_ids = ctx.saved_tensors
        rows = torch.arange(len(target_ids), device=target_ids.device)
        probabilities[rows, target_ids] -= 1.0
        probabilities.mul_(grad_nll[:, None])
        return probabilities.to(ctx.logits_dtype), None


def cross_entropy(
    logits: Float[Tensor, "positions vocab"], target_ids: Int64[Tensor, " positions"]
) -> Float[Tensor, " positions"]:
    """Return the negative log-likelihood of each target, nats, in at least float32.

    Only one backward pass is possible, even with `retain_graph`.

    Args:
        logits: Unnormalized scores, (positions, vocab); -inf for ids that are never predicted.
        target_ids: Ids to predict, (positions).

    Returns:
        (positions).

    Source: [lecture-004], J[t] = -log ŷ[t](x[t+1]).

    Example:
        >>> round(cross_entropy(torch.zeros(1, 4), torch.tensor([2])).item(), 4)
        1.3863
    """
    return _CrossEntropy.apply(logits, target_ids)  # type: ignore[no-any-return,no-untyped-call]


def softmax_in_place(scores: Tensor, target_ids: Tensor) -> Tensor:
    """Turn scores, (positions, vocab), into probabilities in place.

    Args:
        scores: Unnormalized scores; overwritten.
        target_ids: Ids to predict, (positions).

    Returns:
        The negative log-likelihood of each target, (positions), nats.
    """
    target_scores = scores.gather(1, target_ids[:, None]).squeeze(1)
    highest_scores = scores.amax(dim=1)
    torch.softmax(scores, dim=1, out=scores)
    # log Σ exp follows from the score and probability of any word, most exactly from the most
    # probable one. The difference of the two large scores is taken first: it is exact if they are
    # close.
    return (highest_scores - target_scores) - scores.amax(dim=1).log()


def log_softmax(
    logits: Float[Tensor, "positions vocab"],
) -> Float[Tensor, "positions vocab"]:
    """Return log-probabilities, (positions, vocab), nats, in at least float32."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32)).log_softmax(dim=-1)

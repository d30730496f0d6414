"""Softmax cross-entropy in few passes over the scores.

The scores of a step, (positions, vocab), are the largest tensor of a small model; on a CPU the
loss costs what its passes over that tensor cost. The forward pass here normalises one float32
copy in place, and the backward pass turns that copy into the gradient in place.
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
        log_probs = logits.to(torch.promote_types(logits.dtype, torch.float32), copy=True)
        log_probs.sub_(log_probs.logsumexp(dim=1, keepdim=True))
        ctx.save_for_backward(log_probs, target_ids)
        ctx.logits_dtype = logits.dtype
        return -log_probs.gather(1, target_ids[:, None]).squeeze(1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_nll: Tensor) -> tuple[Tensor, None]:
        log_probs, target_ids = ctx.saved_tensors
        probabilities = log_probs.exp_()
        rows = torch.arange(len(target_ids), device=target_ids.device)
        probabilities[rows, target_ids] -= 1.0
        probabilities.mul_(grad_nll[:, None])
        return probabilities.to(ctx.logits_dtype), None


def cross_entropy(
    logits: Float[Tensor, "positions vocab"], target_ids: Int64[Tensor, " positions"]
) -> Float[Tensor, " positions"]:
    """Give the negative log-likelihood of each target, nats, in at least float32.

    The graph can be back-propagated once, as `torch.nn.functional.cross_entropy`'s without
    `retain_graph`.

    Args:
        logits: Unnormalised scores; -inf marks what is never predicted.
        target_ids: Ids to predict.

    Source: lecture 004, J[t] = -log ŷ[t](x[t+1]).

    Example:
        >>> round(cross_entropy(torch.zeros(1, 4), torch.tensor([2])).item(), 4)
        1.3863
    """
    return _CrossEntropy.apply(logits, target_ids)  # type: ignore[no-any-return,no-untyped-call]

"""A linear layer and its softmax loss as one operation.

One operation can overwrite the scores with their gradients, where two operations would allocate
further tensors of (positions, vocab).
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from nextword.layers.heads.additions import Additions
from nextword.layers.heads.contract import FlatHidden, FlatNll, FlatTargets
from nextword.layers.heads.losses.score_passes import KernelPasses, ScorePasses, TorchPasses
from nextword.tensors import kernels_are_installed, product_dtype, transposed


def linear_nll(
    hidden: FlatHidden,
    weight: Float[Tensor, "vocab hidden"],
    *,
    bias: Float[Tensor, " vocab"],
    target_ids: FlatTargets,
    additions: Additions | None = None,
) -> FlatNll:
    """Return `cross_entropy(hidden @ weight.T + bias, target_ids)`, nats, in at least float32.

    Only one backward pass is possible.

    Args:
        hidden: Hidden vectors, (positions, hidden).
        weight: One row per word, (vocab, hidden).
        bias: One value per word, (vocab); -inf for words that are never predicted.
        target_ids: Ids to predict, (positions).
        additions: Scores to add to those of some words; none when None.

    Returns:
        (positions).

    Example:
        >>> hidden, weight = torch.zeros(1, 3), torch.zeros(4, 3)
        >>> bias, target_ids = torch.zeros(4), torch.tensor([2])
        >>> nll = linear_nll(hidden, weight, bias=bias, target_ids=target_ids)
        >>> round(nll.item(), 4)
        1.3863
    """
    passes = KernelPasses() if _kernels_apply(hidden, weight) else TorchPasses()
    places, scores = (None, None) if additions is None else (additions.places, additions.scores)
    # The kernels read the ids one after the other; those of a transposed batch have gaps.
    target_ids = target_ids.contiguous()
    return _LinearNll.apply(passes, hidden, weight, bias, target_ids, places, scores)  # type: ignore[no-any-return,no-untyped-call]


class _LinearNll(torch.autograd.Function):
    """nll = log Σ exp(W h + b + a) - (W h + b + a)[target], a being a list of scores or None."""

    @staticmethod
    def forward(
        ctx: Any,
        passes: ScorePasses,
        hidden: Tensor,
        weight: Tensor,
        bias: Tensor,
        target_ids: Tensor,
        places: Tensor | None,
        additions: Tensor | None,
    ) -> Tensor:
        dtype = product_dtype(hidden)
        operand, matrix = hidden.detach().to(dtype), transposed(weight.detach(), dtype=dtype)
        # The passes add the bias as they read the scores; torch would first write it to all rows.
        bias = bias.detach().to(torch.promote_types(dtype, torch.float32)).contiguous()
        with torch.autocast(hidden.device.type, enabled=False):
            scores = operand @ matrix
            if places is not None and additions is not None:
                scores.view(-1).index_add_(0, places, additions.to(dtype))
            nll, kept = passes.losses(scores, bias, target_ids=target_ids)
        ctx.save_for_backward(operand, matrix, bias, scores, target_ids, kept, places)
        ctx.passes, ctx.dtypes = passes, (hidden.dtype, weight.dtype)
        return nll

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_nll: Tensor) -> tuple[Tensor | None, ...]:
        operand, matrix, bias, scores, target_ids, kept, places = ctx.saved_tensors
        hidden_dtype, weight_dtype = ctx.dtypes
        with torch.autocast(operand.device.type, enabled=False):
            grad_bias = ctx.passes.gradients(
                scores,
                bias,
                target_ids=target_ids,
                kept=kept,
                row_gradients=grad_nll.to(bias.dtype),
            )
            grad_hidden = scores @ matrix.t() if ctx.needs_input_grad[1] else None
            grad_weight = scores.t() @ operand if ctx.needs_input_grad[2] else None
        grad_additions = None if places is None else scores.view(-1).index_select(0, places)
        return (
            None,
            None if grad_hidden is None else grad_hidden.to(hidden_dtype),
            None if grad_weight is None else grad_weight.to(weight_dtype),
            grad_bias,
            None,
            None,
            None if grad_additions is None else grad_additions.to(bias.dtype),
        )


def _kernels_apply(hidden: Tensor, weight: Tensor) -> bool:
    """Return whether all tensors are on the CPU and the kernels support their dtypes."""
    return (
        hidden.device.type == weight.device.type == "cpu"
        and weight.dtype == torch.float32
        and product_dtype(hidden) in (torch.float32, torch.bfloat16)
        and kernels_are_installed()
    )

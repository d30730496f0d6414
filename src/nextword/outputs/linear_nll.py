"""The loss of a softmax over a linear layer, through the compiled kernels where they apply.

Layer and loss are one operation, so that the scores are its own: the backward pass overwrites them
by their gradients instead of making another tensor of (positions, vocab).
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from nextword.outputs.additions import Additions, added
from nextword.outputs.contract import PositionNll, States, Targets
from nextword.outputs.cross_entropy import cross_entropy
from nextword.outputs.products import product_dtype
from nextword.tensors import kernels_are_installed, load_kernels

#: Some tens of microseconds of work; fewer scores are not worth a second thread.
_SCORES_A_THREAD = 2**16


def linear_nll(
    hidden: States,
    weight: Float[Tensor, "vocab hidden"],
    bias: Float[Tensor, " vocab"],
    target_ids: Targets,
    additions: Additions | None = None,
) -> PositionNll:
    """Give `cross_entropy(hidden @ weight.T + bias, target_ids)`, nats, in at least float32.

    The graph can be back-propagated once.

    Args:
        hidden: Hidden vectors.
        weight: One row a word.
        bias: One number a word; -inf marks what is never predicted.
        target_ids: Ids to predict.
        additions: What is added to some of the scores first.

    Example:
        >>> hidden, weight = torch.zeros(1, 3), torch.zeros(4, 3)
        >>> round(linear_nll(hidden, weight, torch.zeros(4), torch.tensor([2])).item(), 4)
        1.3863
    """
    if not _kernels_apply(hidden, weight):
        logits = functional.linear(hidden, weight, bias)
        return cross_entropy(logits if additions is None else added(logits, additions), target_ids)
    places, scores = (None, None) if additions is None else (additions.places, additions.scores)
    return _KernelNll.apply(hidden, weight, bias, target_ids, places, scores)  # type: ignore[no-any-return,no-untyped-call]


class _KernelNll(torch.autograd.Function):
    """nll = log Σ exp(W h + b + a) - (W h + b + a)[target], a being a list of scores or None."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden: Tensor,
        weight: Tensor,
        bias: Tensor,
        target_ids: Tensor,
        places: Tensor | None,
        scores: Tensor | None,
    ) -> Tensor:
        dtype = product_dtype(hidden)
        operand, matrix = hidden.detach().to(dtype), weight.detach().to(dtype)
        bias = bias.detach().float().contiguous()
        # The kernels add the bias as they read the scores: torch would write it to all rows first.
        with torch.autocast("cpu", enabled=False):
            logits = operand @ matrix.t()
        if places is not None and scores is not None:
            logits.view(-1).index_add_(0, places, scores.to(dtype))
        nll, log_sums = (operand.new_empty(len(operand), dtype=torch.float32) for _ in range(2))
        load_kernels().cross_entropy_forward(
            logits,
            target_ids,
            bias=bias,
            nll=nll,
            log_sums=log_sums,
            num_threads=_num_threads(logits),
        )
        ctx.save_for_backward(operand, matrix, bias, logits, target_ids, log_sums, places)
        ctx.hidden_dtype = hidden.dtype
        return nll

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_nll: Tensor) -> tuple[Tensor | None, ...]:
        operand, matrix, bias, logits, target_ids, log_sums, places = ctx.saved_tensors
        grad_bias = matrix.new_empty(len(matrix), dtype=torch.float32)
        load_kernels().cross_entropy_backward(
            logits,
            target_ids,
            bias=bias,
            log_sums=log_sums,
            row_gradients=grad_nll.float().contiguous(),
            grad_bias=grad_bias,
            num_threads=_num_threads(logits),
        )
        # Whoever comes back with the kept graph must be told that the scores are gone.
        torch.autograd.graph.increment_version(logits)
        with torch.autocast("cpu", enabled=False):
            grad_hidden = logits @ matrix if ctx.needs_input_grad[0] else None
            grad_weight = logits.t() @ operand if ctx.needs_input_grad[1] else None
        grad_scores = None if places is None else logits.view(-1).index_select(0, places)
        return (
            None if grad_hidden is None else grad_hidden.to(ctx.hidden_dtype),
            None if grad_weight is None else grad_weight.float(),
            grad_bias,
            None,
            None,
            None if grad_scores is None else grad_scores.float(),
        )


def _kernels_apply(hidden: Tensor, weight: Tensor) -> bool:
    """Whether all is on the CPU and in number formats that the kernels have."""
    return (
        hidden.device.type == weight.device.type == "cpu"
        and weight.dtype == torch.float32
        and product_dtype(hidden) in (torch.float32, torch.bfloat16)
        and kernels_are_installed()
    )


def _num_threads(logits: Tensor) -> int:
    return max(1, min(torch.get_num_threads(), logits.numel() // _SCORES_A_THREAD))

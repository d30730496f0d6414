"""The forward and backward pass of a softmax loss over its scores, which become their gradients.

The scores of a step, (positions, vocab), are the largest tensor of a small model, and on a CPU the
passes over it take most of the time of the loss. Both implementations process rows while they are
in the cache: the compiled kernels one row at a time, torch a block of rows.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator

import torch
from torch import Tensor

from nextword.layers.heads.losses.cross_entropy import softmax_in_place
from nextword.tensors import kernel_threads, load_kernels

#: Some tens of microseconds of work; fewer scores are not worth another thread.
_SCORES_PER_THREAD = 2**16
#: Scores of a block of rows that torch processes on a CPU: a megabyte in float32.
_SCORES_PER_BLOCK = 2**18


class ScorePasses(ABC):
    """The forward and backward pass over scores without their bias, (positions, vocab)."""

    @abstractmethod
    def losses(self, scores: Tensor, bias: Tensor, *, target_ids: Tensor) -> tuple[Tensor, Tensor]:
        """Compute log Σ exp(score + bias) - (score + bias)[target] of each row.

        Args:
            scores: (positions, vocab); overwritten with what `gradients` needs.
            bias: (vocab).
            target_ids: (positions).

        Returns:
            The losses, (positions), nats, and a tensor that `gradients` needs as `kept`.
        """

    @abstractmethod
    def gradients(
        self,
        scores: Tensor,
        bias: Tensor,
        *,
        target_ids: Tensor,
        kept: Tensor,
        row_gradients: Tensor,
    ) -> Tensor:
        """Overwrite the scores with their gradients.

        Args:
            scores: As `losses` left them; overwritten.
            bias: (vocab).
            target_ids: (positions).
            kept: The second result of `losses`.
            row_gradients: Gradients of the losses, (positions).

        Returns:
            The gradient of the bias, (vocab).
        """


class KernelPasses(ScorePasses):
    """The passes with the compiled kernels: float32 or bfloat16 on a CPU."""

    def losses(self, scores: Tensor, bias: Tensor, *, target_ids: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the losses; the scores are unchanged, and log Σ exp is kept."""
        nll, log_sums = (scores.new_empty(len(scores), dtype=torch.float32) for _ in range(2))
        load_kernels().cross_entropy_forward(
            scores,
            target_ids,
            bias=bias,
            nll=nll,
            log_sums=log_sums,
            num_threads=_num_threads(scores),
        )
        return nll, log_sums

    def gradients(
        self,
        scores: Tensor,
        bias: Tensor,
        *,
        target_ids: Tensor,
        kept: Tensor,
        row_gradients: Tensor,
    ) -> Tensor:
        """Compute the gradients from the scores and log Σ exp."""
        grad_bias = torch.empty_like(bias)
        load_kernels().cross_entropy_backward(
            scores,
            target_ids,
            bias=bias,
            log_sums=kept,
            row_gradients=row_gradients.contiguous(),
            grad_bias=grad_bias,
            num_threads=_num_threads(scores),
        )
        # A second backward pass must fail, because the scores are overwritten.
        torch.autograd.graph.increment_version(scores)
        return grad_bias


class TorchPasses(ScorePasses):
    """The passes in torch, on any device and with any dtype."""

    def losses(self, scores: Tensor, bias: Tensor, *, target_ids: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the losses, and overwrite the scores with softmax - onehot(target)."""
        nll = bias.new_empty(len(scores))
        for rows, part, work in _blocks(scores, bias.dtype):
            targets = target_ids[rows]
            nll[rows] = softmax_in_place(work.copy_(part).add_(bias), targets)
            work[torch.arange(len(targets), device=work.device), targets] -= 1.0
            part.copy_(work)
        return nll, nll.new_empty(0)

    def gradients(
        self,
        scores: Tensor,
        bias: Tensor,
        *,
        target_ids: Tensor,
        kept: Tensor,
        row_gradients: Tensor,
    ) -> Tensor:
        """Compute the gradients: each row times the gradient of its loss."""
        grad_bias = torch.zeros_like(bias)
        for rows, part, work in _blocks(scores, bias.dtype):
            work.copy_(part).mul_(row_gradients[rows, None])
            grad_bias += work.sum(dim=0)
            part.copy_(work)
        return grad_bias


def _num_threads(scores: Tensor) -> int:
    """Return the number of kernel threads for this number of scores."""
    return kernel_threads(scores.numel(), a_thread=_SCORES_PER_THREAD)


def _blocks(scores: Tensor, dtype: torch.dtype) -> Iterator[tuple[slice, Tensor, Tensor]]:
    """Yield blocks of rows: their slice, the rows, and a buffer of their shape with a dtype."""
    num_rows, vocab_size = scores.shape
    size = max(1, num_rows)
    if scores.device.type == "cpu":
        size = min(size, max(torch.get_num_threads(), _SCORES_PER_BLOCK // vocab_size))
    buffer = scores.new_empty(size, vocab_size, dtype=dtype)
    for low in range(0, num_rows, size):
        part = scores[low : low + size]
        yield slice(low, low + len(part)), part, buffer[: len(part)]

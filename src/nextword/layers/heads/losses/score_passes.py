"""The two passes of a softmax loss over its scores, which end up as their own gradients.

The scores of a step, (positions, vocab), are the largest tensor of a small model; on a CPU the loss
costs what its passes over that tensor cost. Either way here works on rows while they are in a near
cache: the compiled kernels on one at a time, torch on some of them together.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator

import torch
from torch import Tensor

from nextword.layers.heads.losses.cross_entropy import softmax_in_place
from nextword.tensors import kernel_threads, load_kernels

#: Some tens of microseconds of work; fewer scores are not worth a second thread.
_SCORES_A_THREAD = 2**16
#: Scores that torch works on together on a CPU: a megabyte of float32.
_SCORES_A_BLOCK = 2**18


class ScorePasses(ABC):
    """There and back over scores without their bias, (positions, vocab)."""

    @abstractmethod
    def losses(self, scores: Tensor, bias: Tensor, target_ids: Tensor) -> tuple[Tensor, Tensor]:
        """Give log Σ exp(score + bias) - (score + bias)[target] of each row, and what to keep.

        The scores are overwritten by what `gradients` needs of them.
        """

    @abstractmethod
    def gradients(
        self,
        scores: Tensor,
        bias: Tensor,
        target_ids: Tensor,
        *,
        kept: Tensor,
        row_gradients: Tensor,
    ) -> Tensor:
        """Overwrite the scores by their gradients, given those of the losses; give the bias's."""


class KernelPasses(ScorePasses):
    """By the compiled kernels: float32 or bfloat16 on a CPU."""

    def losses(self, scores: Tensor, bias: Tensor, target_ids: Tensor) -> tuple[Tensor, Tensor]:
        """Leave the scores as they are, and keep log Σ exp."""
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
        target_ids: Tensor,
        *,
        kept: Tensor,
        row_gradients: Tensor,
    ) -> Tensor:
        """Make the probabilities again."""
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
        # Whoever comes back with the kept graph must be told that the scores are gone.
        torch.autograd.graph.increment_version(scores)
        return grad_bias


class TorchPasses(ScorePasses):
    """By torch, on any device and in any number format."""

    def losses(self, scores: Tensor, bias: Tensor, target_ids: Tensor) -> tuple[Tensor, Tensor]:
        """Leave softmax - onehot(target), and keep nothing else."""
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
        target_ids: Tensor,
        *,
        kept: Tensor,
        row_gradients: Tensor,
    ) -> Tensor:
        """Multiply each row with the gradient of its loss."""
        grad_bias = torch.zeros_like(bias)
        for rows, part, work in _blocks(scores, bias.dtype):
            work.copy_(part).mul_(row_gradients[rows, None])
            grad_bias += work.sum(dim=0)
            part.copy_(work)
        return grad_bias


def _num_threads(scores: Tensor) -> int:
    """Give how many threads of the kernels so many scores are worth."""
    return kernel_threads(scores.numel(), a_thread=_SCORES_A_THREAD)


def _blocks(scores: Tensor, dtype: torch.dtype) -> Iterator[tuple[slice, Tensor, Tensor]]:
    """Cut the rows; give which they are, the rows themselves, and as much room of a dtype."""
    num_rows, vocab_size = scores.shape
    size = max(1, num_rows)
    if scores.device.type == "cpu":
        size = min(size, max(torch.get_num_threads(), _SCORES_A_BLOCK // vocab_size))
    room = scores.new_empty(size, vocab_size, dtype=dtype)
    for low in range(0, num_rows, size):
        part = scores[low : low + size]
        yield slice(low, low + len(part)), part, room[: len(part)]

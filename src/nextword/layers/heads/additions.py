"""Sparse additions to the scores of a few words at each position, beside the hidden vector's.

They are a list of entries: n-gram features that score a thousand of ten thousand words need no
table of all words, and no gradient of one.
"""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.autograd.function import once_differentiable


@dataclass(frozen=True, kw_only=True, eq=False)
class Additions:
    """Scores to add to those of some words at some positions.

    Attributes:
        places: position * vocab_size + word of each entry; entries of equal place are summed.
        scores: The score that each entry adds.
        vocab_size: Number of words.
    """

    places: Int64[Tensor, " entries"]
    scores: Float[Tensor, " entries"]
    vocab_size: int

    def between(self, begin: int, end: int) -> "Additions":
        """Return the additions at positions begin to end, with positions counted from begin."""
        first, last = begin * self.vocab_size, end * self.vocab_size
        inside = (self.places >= first) & (self.places < last)
        return Additions(
            places=self.places[inside] - first,
            scores=self.scores[inside],
            vocab_size=self.vocab_size,
        )


class _Added(torch.autograd.Function):
    """logits with scores added at some places; the gradient of a score is that at its place."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, places: Tensor, scores: Tensor) -> Tensor:
        ctx.save_for_backward(places)
        ctx.logits_dtype = logits.dtype
        total = logits.to(torch.promote_types(logits.dtype, scores.dtype), copy=True)
        total.view(-1).index_add_(0, places, scores.to(total.dtype))
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_total: Tensor) -> tuple[Tensor, None, Tensor]:
        (places,) = ctx.saved_tensors
        grad_scores = grad_total.reshape(-1).index_select(0, places)
        return grad_total.to(ctx.logits_dtype), None, grad_scores


def added(
    logits: Float[Tensor, "positions vocab"], additions: Additions
) -> Float[Tensor, "positions vocab"]:
    """Return logits plus additions, (positions, vocab).

    Example:
        >>> additions = Additions(
        ...     places=torch.tensor([1, 5, 5]), scores=torch.ones(3), vocab_size=3
        ... )
        >>> added(torch.zeros(2, 3), additions).tolist()
        [[0.0, 1.0, 0.0], [0.0, 0.0, 2.0]]
    """
    return _Added.apply(logits, additions.places, additions.scores)  # type: ignore[no-any-return,no-untyped-call]

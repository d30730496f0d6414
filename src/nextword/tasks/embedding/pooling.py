"""Pooling over steps that arrive in chunks: from one vector for each step to one for the text."""

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from nextword.base import require
from nextword.tensors import Hidden, Lengths

POOLINGS = ("last", "mean", "max")

#: One vector for each text, (texts, size).
Vectors = Float32[np.ndarray, "texts size"]


class StepPooling:
    """Pools the vectors of the steps of a batch of texts, which are added in chunks.

    - `last`: the last state of each direction, after it has read the whole text: that of the last
      step for the forward direction, that of the first step for the backward direction.
    - `mean` and `max`: of each component over the steps.

    A text without steps gets zeros.

    Args:
        kind: `last`, `mean` or `max`.
        lengths: Number of steps of each text, (batch).
        size: Size of the vectors.
        is_bidirectional: Whether the second half of a vector is from the backward direction.

    Example:
        >>> pooling = StepPooling("mean", lengths=torch.tensor([2]), size=1)
        >>> pooling.add(torch.tensor([[[1.0]]]))
        >>> pooling.add(torch.tensor([[[3.0], [99.0]]]))
        >>> pooling.result().tolist()
        [[2.0]]
    """

    def __init__(
        self, kind: str, *, lengths: Lengths, size: int, is_bidirectional: bool = False
    ) -> None:
        check_pooling(kind)
        self._kind = kind
        self._lengths = lengths
        self._forward_size = size // 2 if is_bidirectional else size
        self._num_added = 0
        start = -torch.inf if kind == "max" else 0.0
        self._pooled = torch.full(
            (len(lengths), size), start, dtype=torch.float64, device=lengths.device
        )

    def add(self, outputs: Hidden) -> None:
        """Add the next steps of every text.

        Args:
            outputs: Vectors of the steps, (batch, time, size); those beyond a text's length have no
                effect.
        """
        steps = self._num_added + torch.arange(outputs.shape[1], device=outputs.device)
        is_step = (steps < self._lengths[:, None])[:, :, None]
        if self._kind == "last":
            self._add_last(outputs, steps)
        elif self._kind == "max":
            highest = outputs.masked_fill(~is_step, -torch.inf).amax(1)
            self._pooled = torch.maximum(self._pooled, highest.double())
        else:
            # Not a product with the mask: what a model computes for padding may be infinite.
            kept = outputs.masked_fill(~is_step, 0.0)
            self._pooled += kept.sum(1, dtype=torch.float64)
        self._num_added += outputs.shape[1]

    def _add_last(self, outputs: Hidden, steps: Tensor) -> None:
        size = self._forward_size
        rows, columns = torch.nonzero(steps == self._lengths[:, None] - 1, as_tuple=True)
        self._pooled[rows, :size] = outputs[rows, columns, :size].double()
        if self._num_added == 0:
            has_steps = self._lengths > 0
            self._pooled[has_steps, size:] = outputs[has_steps, 0, size:].double()

    def result(self) -> Float[Tensor, "batch size"]:
        """Return the vector of each text, (batch, size), in float32."""
        pooled = self._pooled
        if self._kind == "mean":
            pooled = pooled / self._lengths.clamp(min=1)[:, None]
        return pooled.masked_fill((self._lengths == 0)[:, None], 0.0).float()


def check_pooling(kind: str) -> None:
    """Raise ConfigError if a kind of pooling is unknown."""
    require(
        kind in POOLINGS,
        f"pooling is {kind!r}, which is unknown.",
        help=f"Use one of {', '.join(POOLINGS)}.",
    )

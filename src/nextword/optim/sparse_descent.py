"""Plain gradient descent on tables of which a training step reads few entries.

A hashed table has millions of weights, and a step reads some thousands of them. Adaptive optimizers
and weight averaging would update all of them; θ ← θ - η g updates only those with a gradient.
"""

from collections.abc import Iterable

import torch
from torch import nn


class SparseDescent:
    """θ ← θ - η g, for a sparse gradient g.

    An entry that was read several times occurs several times in g. Its parts are subtracted one
    after the other, without sorting or summing them first.

    Args:
        tables: One-dimensional weights with sparse gradients (torch's COO format).
        learning_rate: The highest learning rate η of the schedule.
    """

    def __init__(self, tables: Iterable[nn.Parameter], *, learning_rate: float) -> None:
        self._tables = tuple(tables)
        self._learning_rate = learning_rate

    @torch.no_grad()
    def step(self, *, share: float) -> None:
        """Update the entries that have a gradient.

        Args:
            share: The current learning rate as a share of the highest one.
        """
        for table in self._tables:
            if table.grad is None:
                continue
            slots, gradient = table.grad._indices()[0], table.grad._values()
            table.index_add_(0, slots, gradient, alpha=-self._learning_rate * share)

"""Plain gradient descent on tables of which a step reads few entries.

A hashed table has millions of weights and a step reads some thousands of them. Adaptive rules and
averages would look at all of them; θ ← θ - η g looks at those alone.
"""

from collections.abc import Iterable

import torch
from torch import nn


class SparseDescent:
    """θ ← θ - η g where g is a list of entries.

    An entry that was read several times stands in the list several times; plain descent may take
    the parts one after the other, so they are never sorted or added up.

    Args:
        tables: One-dimensional weights whose gradients are lists (torch's COO).
        learning_rate: η, the highest the schedule reaches.
    """

    def __init__(self, tables: Iterable[nn.Parameter], *, learning_rate: float) -> None:
        self._tables = tuple(tables)
        self._learning_rate = learning_rate

    @torch.no_grad()
    def step(self, *, share: float) -> None:
        """Move the entries that were read.

        Args:
            share: Of the highest learning rate, as the schedule has it.
        """
        for table in self._tables:
            if table.grad is None:
                continue
            slots, gradient = table.grad._indices()[0], table.grad._values()
            table.index_add_(0, slots, gradient, alpha=-self._learning_rate * share)

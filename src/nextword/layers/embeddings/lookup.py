"""Rows of a table, with a gradient that is as small as what was read of it.

A table that also predicts has a gradient for every word already. autograd would add the few rows
that were read to a copy of it, which for a large vocabulary costs as much as an update; here they
are added in place.
"""

from functools import partial

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn import functional


def look_up(
    table: Float[Tensor, "vocab width"], ids: Int64[Tensor, "*places"], *, sparse: bool
) -> Float[Tensor, "*places width"]:
    """Give table[ids].

    Args:
        table: One row an id.
        ids: Which rows.
        sparse: Whether `backward` adds a list of rows to the gradient of a table that is a weight,
            past autograd's own way there: `torch.autograd.grad` does not see it. Whoever updates
            the weights must be able to take a list, where nothing else gives it a dense gradient.

    Example:
        >>> table = torch.ones(5, 2, requires_grad=True)
        >>> look_up(table, torch.tensor([3, 3]), sparse=True).sum().backward()
        >>> table.grad.coalesce().indices().tolist(), table.grad.coalesce().values().tolist()
        ([[3]], [[2.0, 2.0]])
    """
    if not (sparse and table.is_leaf and table.requires_grad and torch.is_grad_enabled()):
        return functional.embedding(ids, table, sparse=sparse)
    rows_read = table.detach().requires_grad_()
    rows_read.register_post_accumulate_grad_hook(partial(_hand_over, table=table))  # type: ignore[no-untyped-call]
    return functional.embedding(ids, rows_read, sparse=True)


@torch.no_grad()
def _hand_over(rows_read: Tensor, *, table: Tensor) -> None:
    """Add the gradient of the rows that were read to the table's."""
    rows, rows_read.grad = rows_read.grad, None
    assert rows is not None
    if table.grad is None:
        table.grad = rows
    elif table.grad.is_sparse:
        table.grad = table.grad + rows
    else:
        table.grad.index_add_(0, rows._indices()[0], rows._values())

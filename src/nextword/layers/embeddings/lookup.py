"""Embedding look-up with a sparse gradient: only the rows that were read.

The table of a tied output head already has a dense gradient. autograd would add the sparse one to a
copy of it, which for a large vocabulary costs as much time as an update; here it is added in place.
"""

from functools import partial

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn import functional


def look_up(
    table: Float[Tensor, "vocab width"], ids: Int64[Tensor, "*places"], *, sparse: bool
) -> Float[Tensor, "*places width"]:
    """Return table[ids].

    Args:
        table: One row per id, (vocab, width).
        ids: Ids, of any shape.
        sparse: Whether `backward` adds a sparse gradient to `table.grad` if the table is a leaf.
            It does so outside autograd's graph, so `torch.autograd.grad` does not return it. The
            optimizer must accept a sparse gradient, unless something else contributes a dense one.

    Returns:
        (..., width).

    Example:
        >>> table = torch.ones(5, 2, requires_grad=True)
        >>> look_up(table, torch.tensor([3, 3]), sparse=True).sum().backward()
        >>> table.grad.coalesce().indices().tolist(), table.grad.coalesce().values().tolist()
        ([[3]], [[2.0, 2.0]])
    """
    if not (sparse and table.is_leaf and table.requires_grad and torch.is_grad_enabled()):
        return functional.embedding(ids, table, sparse=sparse)
    rows_read = table.detach().requires_grad_()
    rows_read.register_post_accumulate_grad_hook(partial(_add_gradient, table=table))  # type: ignore[no-untyped-call]
    return functional.embedding(ids, rows_read, sparse=True)


@torch.no_grad()
def _add_gradient(rows_read: Tensor, *, table: Tensor) -> None:
    """Add the gradient of the rows that were read to that of the table."""
    rows, rows_read.grad = rows_read.grad, None
    assert rows is not None
    if table.grad is None:
        table.grad = rows
    elif table.grad.is_sparse:
        table.grad = table.grad + rows
    else:
        table.grad.index_add_(0, rows._indices()[0], rows._values())

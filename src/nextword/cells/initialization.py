"""Initialization of the recurrent matrix, which multiplies the state at every step.

A matrix whose singular values are all 1 keeps the norm of the state in the forward pass, and that
of the gradient in the backward pass; with random entries either may shrink or grow.
"""

from typing import Literal

import torch
from torch import Tensor

from nextword.base import ConfigError, require
from nextword.cells.contract import AnyCell

RecurrentInitialization = Literal["uniform", "orthogonal", "identity"]


@torch.no_grad()
def initialize_recurrent_matrix(cell: AnyCell, kind: RecurrentInitialization) -> None:
    """Initialize a cell's recurrent matrix in place, each gate's block by itself.

    Args:
        cell: The cell.
        kind: `uniform` leaves the matrix as the cell drew it; `orthogonal` draws orthogonal
            blocks; `identity` makes every block the identity.

    Raises:
        ConfigError: The cell has no recurrent matrix, or its blocks are not square.

    Source: orthogonal from [saxe2014]; the identity from [le2015], for ReLU.
    """
    if kind == "uniform":
        return
    if not cell.has_recurrent_matrix:
        raise ConfigError(
            f"model.recurrent_initialization is {kind!r}, but {type(cell).__name__} has no "
            "recurrent matrix.",
            help="Leave model.recurrent_initialization out.",
        )
    weight = cell.get_parameter("weight_hh")
    for block in weight.chunk(len(weight) // cell.hidden_size):
        _initialize(block, kind)


def _initialize(block: Tensor, kind: RecurrentInitialization) -> None:
    if kind == "orthogonal":
        torch.nn.init.orthogonal_(block)
        return
    rows, columns = block.shape
    require(
        rows == columns,
        f"model.recurrent_initialization is 'identity', but a gate's recurrent matrix is {rows} x "
        f"{columns}.",
        help="Use orthogonal.",
    )
    torch.nn.init.eye_(block)

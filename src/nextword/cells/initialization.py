"""How the recurrent matrix starts: what it does to a state that is fed through it again and again.

A matrix whose singular values are all 1 neither shrinks nor grows the state, nor the gradient on
its way back; random entries leave that to chance.
"""

from typing import Literal

import torch
from torch import Tensor

from nextword.base import ConfigError, require
from nextword.cells.contract import AnyCell

RecurrentInitialization = Literal["uniform", "orthogonal", "identity"]


@torch.no_grad()
def initialize_recurrent_matrix(cell: AnyCell, kind: RecurrentInitialization) -> None:
    """Overwrite a cell's recurrent matrix; every gate has a block of its own.

    Args:
        cell: The cell.
        kind: `uniform` leaves the matrix as the cell drew it; `orthogonal` draws orthogonal
            blocks; `identity` copies the state.

    Raises:
        ConfigError: The cell has no recurrent matrix, or its blocks are not square.

    Source: orthogonal from Saxe et al. (2014); the identity from Le et al. (2015), for ReLU.
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

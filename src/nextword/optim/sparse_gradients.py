"""Gradients that are lists of rows: of embedding tables, of which a step reads but a few rows."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from nextword.optim.config import OptimizerConfig


def is_plain_descent(config: OptimizerConfig) -> bool:
    """Whether an update is θ ← θ - η g and nothing else.

    Then rows without a gradient stay where they are: momentum, AdamW's averages and weight decay
    move every row at every step. And a factor of the gradient is as good as one of the rate.
    """
    return config.kind == "sgd" and config.momentum == 0.0 and config.weight_decay == 0.0


@torch.no_grad()
def gradient_entries(parameters: Iterable[nn.Parameter], *, keep_sparse: bool) -> list[Tensor]:
    """Give the tensors that hold the numbers of the gradient, to be measured and limited in place.

    Rows that were read more than once are added up first.

    Args:
        parameters: Those whose gradient counts, as far as they have one.
        keep_sparse: Whether the optimiser takes lists of rows; else they become tables.
    """
    entries = []
    for parameter in parameters:
        if parameter.grad is None:
            continue
        if parameter.grad.is_sparse:
            gradient = parameter.grad.coalesce()
            parameter.grad = gradient if keep_sparse else gradient.to_dense()
        entries.append(parameter.grad._values() if parameter.grad.is_sparse else parameter.grad)
    return entries

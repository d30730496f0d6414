"""Sparse gradients of embedding tables, of which a training step reads only a few rows."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from nextword.optim.config import OptimizerConfig


def is_plain_descent(config: OptimizerConfig) -> bool:
    """Return whether an update is θ ← θ - η g and nothing else.

    With plain descent, rows without a gradient do not change, and a factor of the gradient may be
    applied to η instead. Momentum, AdamW and weight decay change every row at every step.
    """
    return config.kind == "sgd" and config.momentum == 0.0 and config.weight_decay == 0.0


@torch.no_grad()
def gradient_entries(parameters: Iterable[nn.Parameter], *, keep_sparse: bool) -> list[Tensor]:
    """Return the tensors that store the gradient's values, to be measured and clipped in place.

    Duplicate rows of a sparse gradient are summed first.

    Args:
        parameters: Parameters; those without a gradient are skipped.
        keep_sparse: Whether the optimizer accepts sparse gradients; otherwise they are made dense.
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

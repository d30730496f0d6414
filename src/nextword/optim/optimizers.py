"""Optimizers, in torch's fused form where it supports the gradients."""

from collections.abc import Collection

import torch
from torch import nn
from torch.autograd.graph import increment_version

from nextword.optim.config import OptimizerConfig
from nextword.optim.sparse_gradients import is_plain_descent

_FUSED_DEVICES = {"cpu", "cuda", "mps"}


def build_optimizer(
    model: nn.Module, config: OptimizerConfig, *, exclude: Collection[nn.Parameter] = frozenset()
) -> torch.optim.Optimizer:
    """Build the optimizer of a model, with weight decay on matrices but not on biases.

    Args:
        model: The model whose parameters are optimized.
        config: The settings.
        exclude: Parameters that are not optimized.

    Returns:
        SGD or AdamW, in torch's fused form where it supports the gradients.
    """
    parameters = [p for p in model.parameters() if p.requires_grad and p not in exclude]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    is_fused = all(p.device.type in _FUSED_DEVICES for p in parameters)
    if config.kind == "sgd":
        # The fused form refuses sparse gradients. Plain SGD is one addition in either form.
        is_fused = is_fused and not is_plain_descent(config)
        return _counting(
            torch.optim.SGD(
                groups, lr=config.learning_rate, momentum=config.momentum, fused=is_fused
            )
        )
    betas = (config.beta1, config.beta2)
    return _counting(
        torch.optim.AdamW(groups, lr=config.learning_rate, betas=betas, fused=is_fused)
    )


def _counting(optimizer: torch.optim.Optimizer) -> torch.optim.Optimizer:
    """Increment torch's version counters after each step; the fused optimizers do not."""

    def count(optimizer: torch.optim.Optimizer, *_: object) -> None:
        increment_version(p for group in optimizer.param_groups for p in group["params"])

    optimizer.register_step_post_hook(count)
    return optimizer


def set_learning_rate(optimizer: torch.optim.Optimizer, learning_rate: float) -> None:
    """Set the learning rate of every parameter group."""
    for group in optimizer.param_groups:
        group["lr"] = learning_rate

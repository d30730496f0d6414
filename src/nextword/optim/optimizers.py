"""Optimisers, in torch's fused form where that takes the gradients there are."""

import torch
from torch import nn

from nextword.optim.config import OptimizerConfig
from nextword.optim.sparse_gradients import takes_sparse_gradients

_FUSED_DEVICES = {"cpu", "cuda", "mps"}


def build_optimizer(model: nn.Module, config: OptimizerConfig) -> torch.optim.Optimizer:
    """Build the optimiser of a model; matrices decay, biases do not."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    is_fused = all(p.device.type in _FUSED_DEVICES for p in parameters)
    if config.kind == "sgd":
        # The fused form refuses lists of rows. Plain SGD is one addition in either form.
        is_fused = is_fused and not takes_sparse_gradients(config)
        return torch.optim.SGD(
            groups, lr=config.learning_rate, momentum=config.momentum, fused=is_fused
        )
    betas = (config.beta1, config.beta2)
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=betas, fused=is_fused)


def set_learning_rate(optimizer: torch.optim.Optimizer, learning_rate: float) -> None:
    """Set η of every parameter group."""
    for group in optimizer.param_groups:
        group["lr"] = learning_rate

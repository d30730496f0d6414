"""A context manager for inference."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from nextword.models.contract import LanguageModel


@contextmanager
def inference(model: LanguageModel) -> Iterator[None]:
    """Disable training mode, gradients and autocast inside the block, and restore them after it.

    Do not `yield` inside the block: the caller would run with these modes too.

    Args:
        model: The model; every submodule is set to evaluation mode.
    """
    modules = list(model.modules()) if isinstance(model, torch.nn.Module) else []
    training = [module for module in modules if module.training]
    for module in training:
        module.training = False
    try:
        with torch.no_grad(), torch.autocast(model.device.type, enabled=False):
            yield
    finally:
        for module in training:
            module.training = True

"""Computing as a finished model does."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from nextword.models.contract import LanguageModel


@contextmanager
def inference(model: LanguageModel) -> Iterator[None]:
    """Compute without dropout, graph or autocast inside the block; modes come back after it.

    Enter it for each window or step, never across a `yield`: the caller's own modes stay its own.
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

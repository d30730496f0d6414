"""Memory of a training before it is taken: weights, gradients, optimizer state and scores."""

import torch

from nextword.base import ConfigError
from nextword.layers import sparse_parameters
from nextword.models import NeuralLanguageModel
from nextword.tensors import free_memory
from nextword.training.config import RunConfig

_BYTES_PER_NUMBER = 4
#: The score and its gradient.
_BYTES_PER_SCORE = 8
_MEBIBYTE = 2**20


def weights_mib(config: RunConfig, model: NeuralLanguageModel) -> float:
    """Return the memory of weights, gradients, optimizer state and weight average, in MiB.

    Args:
        config: The settings of the run.
        model: The network; its weights need no values.
    """
    copies = 2 + _optimizer_copies(config) + (config.averaging.decay > 0.0)
    # Gradients and optimizer state of a sparse table are much smaller than the table.
    num_sparse = sum(table.numel() for table in sparse_parameters(model))
    num_numbers = num_sparse + copies * (model.num_parameters - num_sparse)
    return num_numbers * _BYTES_PER_NUMBER / _MEBIBYTE


def activations_mib(config: RunConfig, model: NeuralLanguageModel) -> float:
    """Return the estimated memory of the largest tensors of one update, in MiB."""
    scores = model.output.num_scores_held(config.training.positions_at_once)
    return scores * _BYTES_PER_SCORE / _MEBIBYTE


def free_mib(device: torch.device) -> float | None:
    """Return the free memory in MiB; None for other devices than the CPU, or if it is unknown."""
    found = free_memory() if device.type == "cpu" else None
    return None if found is None else found / _MEBIBYTE


def fits(config: RunConfig, model: NeuralLanguageModel, *, device: torch.device) -> bool:
    """Return whether a training fits into the free memory, as far as it is known."""
    free = free_mib(device)
    return free is None or weights_mib(config, model) + activations_mib(config, model) <= free


def require_memory(config: RunConfig, model: NeuralLanguageModel, *, device: torch.device) -> None:
    """Raise an error if a training does not fit into the free memory.

    Raises:
        ConfigError: It needs more memory than is free.
    """
    if fits(config, model, device=device):
        return
    needed = weights_mib(config, model) + activations_mib(config, model)
    raise ConfigError(
        f"the network has {model.num_parameters:,} parameters; with gradients, optimizer state and "
        f"scores it needs at least {needed:,.0f} MiB, and {free_mib(device) or 0.0:,.0f} MiB of "
        "memory are free.",
        help="Choose a smaller model.hidden_size, model.num_layers, tokenizer.vocab_size or "
        "training.batch_size; --dry-run shows the sizes.",
    )


def _optimizer_copies(config: RunConfig) -> int:
    """Return the number of values that the optimizer stores per weight."""
    if config.optimizer.kind == "adamw":
        return 2
    return 1 if config.optimizer.momentum > 0.0 else 0

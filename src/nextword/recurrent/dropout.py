"""Kinds of dropout: ordinary, locked over time, and of whole embedding rows.

All masks come from `keep_mask`, which draws eight mask entries from one random word: about eight
times cheaper than torch's own on a CPU.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from nextword.base import ConfigError
from nextword.tensors import Embeddings, TokenIds

_LEVELS = 256


def keep_mask(shape: tuple[int, ...], *, probability: float, like: Tensor) -> Tensor:
    """Draw a mask that is 0 with the given probability and else 1/(kept share), in `like`'s type.

    The probability is rounded to a 256th, and the scale follows the rounded one, so the mean of
    the mask is exactly 1 in expectation.
    """
    dropped_levels = min(round(probability * _LEVELS), _LEVELS - 1)
    count = torch.Size(shape).numel()
    words = torch.empty((count + 7) // 8, dtype=torch.int64, device=like.device)
    words.random_(-(2**63), None)
    levels = words.view(torch.uint8)[:count].view(shape)
    scale = _LEVELS / (_LEVELS - dropped_levels)
    return (levels >= dropped_levels).to(like.dtype).mul_(scale)


class Dropout(nn.Module):
    """Zero entries independently in training, and scale the others up.

    Args:
        probability: Share that is zeroed, in [0, 1).

    Raises:
        ConfigError: The probability is not in [0, 1).

    Source: Srivastava et al. (2014).
    """

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = check_probability(probability)

    def forward(self, inputs: Embeddings) -> Embeddings:
        """Give the inputs with entries dropped, in training; else as they are."""
        if not self.training or self.probability == 0.0:
            return inputs
        return inputs * keep_mask(
            self.mask_shape(inputs), probability=self.probability, like=inputs
        )

    def mask_shape(self, inputs: Tensor) -> tuple[int, ...]:
        """Give the shape of the mask that is drawn: that of the inputs."""
        return tuple(inputs.shape)


class LockedDropout(Dropout):
    """Dropout whose mask is the same at every step of a window.

    Source: Gal & Ghahramani (2016), "variational" dropout; Merity et al. (2018) call it locked.
    """

    def mask_shape(self, inputs: Tensor) -> tuple[int, ...]:
        """Give (batch, 1, width): one mask for all steps."""
        return (inputs.shape[0], 1, inputs.shape[2])


def embed(token_ids: TokenIds, weight: Tensor, *, row_dropout: float, training: bool) -> Embeddings:
    """Look up embeddings; in training whole rows of the table are dropped.

    A dropped token is zero wherever it stands in the window.

    Source: Gal & Ghahramani (2016), section 4.2.
    """
    if not training or row_dropout == 0.0:
        return functional.embedding(token_ids, weight)
    rows = keep_mask((weight.shape[0], 1), probability=row_dropout, like=weight)
    return functional.embedding(token_ids, weight) * functional.embedding(token_ids, rows)


def check_probability(probability: float) -> float:
    """Refuse a dropout probability outside [0, 1).

    Raises:
        ConfigError: It is outside.
    """
    if not 0.0 <= probability < 1.0:
        raise ConfigError(f"a dropout probability is {probability}; it must be in [0, 1).")
    return probability

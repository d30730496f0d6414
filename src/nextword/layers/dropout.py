"""Kinds of dropout: ordinary, locked over time, and of whole embedding rows.

Masks come from `keep_mask`, which draws eight mask entries from one random word: about eight times
cheaper than torch's own on a CPU. Where the compiled kernels are installed ordinary dropout needs
no mask at all.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from nextword.base import ConfigError
from nextword.layers import kernel_dropout
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
        return self.drop(inputs)

    def drop(self, inputs: Embeddings) -> Embeddings:
        """Give the inputs with entries dropped."""
        if kernel_dropout.supports(inputs):
            return kernel_dropout.drop(inputs, probability=self.probability)
        return inputs * keep_mask(tuple(inputs.shape), probability=self.probability, like=inputs)


class LockedDropout(Dropout):
    """Dropout whose mask is the same at every step of a window.

    Source: Gal & Ghahramani (2016), "variational" dropout; Merity et al. (2018) call it locked.
    """

    def drop(self, inputs: Embeddings) -> Embeddings:
        """Give the inputs with the same entries dropped at every step."""
        shape = (inputs.shape[0], 1, inputs.shape[2])
        return inputs * keep_mask(shape, probability=self.probability, like=inputs)


def drop_tokens(
    vectors: Embeddings, token_ids: TokenIds, *, vocab_size: int, probability: float
) -> Embeddings:
    """Zero the vectors of some words of the vocabulary, and scale the others up.

    A dropped word is zero wherever it stands in the window. Dropping rows of an embedding table
    before the look-up would give the same.

    Args:
        vectors: One for each token, (batch, time, embedding).
        token_ids: Which word each stands for.
        vocab_size: Number of token ids.
        probability: Share of the vocabulary that is dropped, in [0, 1).

    Source: Gal & Ghahramani (2016), section 4.2.
    """
    if probability == 0.0:
        return vectors
    rows = keep_mask((vocab_size, 1), probability=probability, like=vectors)
    return vectors * functional.embedding(token_ids, rows)


def check_probability(probability: float) -> float:
    """Refuse a dropout probability outside [0, 1).

    Raises:
        ConfigError: It is outside.
    """
    if not 0.0 <= probability < 1.0:
        raise ConfigError(f"a dropout probability is {probability}; it must be in [0, 1).")
    return probability

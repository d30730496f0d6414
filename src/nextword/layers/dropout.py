"""Dropout: of single entries, with a mask locked over time, and of whole embedding vectors.

`keep_mask` draws masks with eight entries per 64-bit random number, about eight times faster than
torch on a CPU. With the compiled kernels, ordinary dropout stores no mask.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from nextword.base import ConfigError
from nextword.layers import kernel_dropout
from nextword.tensors import Embeddings, TokenIds

_LEVELS = 256


def keep_mask(shape: tuple[int, ...], *, probability: float, like: Tensor) -> Tensor:
    """Draw a dropout mask: 0 with the given probability, otherwise 1 / (1 - probability).

    The probability is rounded to a multiple of 1/256, and the scale is computed from the rounded
    one, so that the expectation of the mask is exactly 1.

    Args:
        shape: Shape of the mask.
        probability: Share that is zeroed, in [0, 1).
        like: Its dtype and device are those of the mask.
    """
    dropped_levels = min(round(probability * _LEVELS), _LEVELS - 1)
    count = torch.Size(shape).numel()
    words = torch.empty((count + 7) // 8, dtype=torch.int64, device=like.device)
    words.random_(-(2**63), None)
    levels = words.view(torch.uint8)[:count].view(shape)
    scale = _LEVELS / (_LEVELS - dropped_levels)
    return (levels >= dropped_levels).to(like.dtype).mul_(scale)


class Dropout(nn.Module):
    """Zero entries independently in training, and scale the others by 1 / (1 - probability).

    Args:
        probability: Share that is zeroed, in [0, 1).

    Raises:
        ConfigError: The probability is not in [0, 1).

    Source: [srivastava2014].
    """

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = check_probability(probability)

    def forward(self, inputs: Embeddings) -> Embeddings:
        """Apply dropout in training; return the inputs unchanged in evaluation.

        Args:
            inputs: (batch, time, width).
        """
        if not self.training or self.probability == 0.0:
            return inputs
        return self.drop(inputs)

    def drop(self, inputs: Embeddings) -> Embeddings:
        """Apply dropout, in training or not."""
        if kernel_dropout.supports(inputs):
            return kernel_dropout.drop(inputs, probability=self.probability)
        return inputs * keep_mask(tuple(inputs.shape), probability=self.probability, like=inputs)


class LockedDropout(Dropout):
    """Dropout whose mask is the same at every step of a window.

    Source: the "variational" dropout of [gal2016]; [merity2018] call it locked.
    """

    def drop(self, inputs: Embeddings) -> Embeddings:
        """Apply dropout with the same mask at every step."""
        shape = (inputs.shape[0], 1, inputs.shape[2])
        return inputs * keep_mask(shape, probability=self.probability, like=inputs)


def drop_tokens(
    vectors: Embeddings, token_ids: TokenIds, *, vocab_size: int, probability: float
) -> Embeddings:
    """Zero the vectors of randomly chosen words, and scale the others by 1 / (1 - probability).

    A dropped word is zero at all its positions in the window. The result is the same as with rows
    of the embedding table dropped before the look-up.

    Args:
        vectors: One per token, (batch, time, embedding).
        token_ids: The tokens' ids, (batch, time).
        vocab_size: Number of token ids.
        probability: Share of the vocabulary that is dropped, in [0, 1).

    Returns:
        (batch, time, embedding).

    Source: [gal2016], section 4.2.
    """
    if probability == 0.0:
        return vectors
    rows = keep_mask((vocab_size, 1), probability=probability, like=vectors)
    return vectors * functional.embedding(token_ids, rows)


def check_probability(probability: float) -> float:
    """Return a dropout probability, or refuse one outside [0, 1).

    Raises:
        ConfigError: The probability is outside [0, 1).
    """
    if not 0.0 <= probability < 1.0:
        raise ConfigError(f"a dropout probability is {probability}; it must be in [0, 1).")
    return probability

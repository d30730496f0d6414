"""The sizes of a training step, its number of operations, and random ids to train on."""

from dataclasses import dataclass

import torch
from jaxtyping import Int64
from torch import Tensor

#: Hyperparameters of PyTorch's word-language-model example.
LEARNING_RATE = 20.0
CLIPPING_NORM = 0.25
DROPOUT = 0.5
#: Number of gates of an LSTM.
_NUM_GATES = 4


@dataclass(frozen=True, kw_only=True)
class StepSizes:
    """Sizes of an LSTM language model with tied weights, and of the window it is trained on.

    Attributes:
        num_layers: Number of LSTM layers.
        hidden_size: Width of every layer and of the embedding.
        vocab_size: Number of words.
        batch_size: Number of rows in a window.
        bptt_steps: Number of time steps in a window.
    """

    num_layers: int
    hidden_size: int
    vocab_size: int
    batch_size: int = 20
    bptt_steps: int = 35

    @property
    def num_tokens(self) -> int:
        """Number of tokens in a window."""
        return self.batch_size * self.bptt_steps

    @property
    def num_operations(self) -> int:
        """Number of floating-point operations in the matrix products of a training step.

        The forward pass has two operations for each weight of the layers and of the output, and
        each of the two gradients of a product has as many. Embeddings, gates and softmax are not
        counted.

        Example:
            >>> StepSizes(num_layers=2, hidden_size=650, vocab_size=10_000).num_operations
            55692000000
        """
        layer = _NUM_GATES * self.hidden_size * (self.hidden_size + self.hidden_size)
        weights = self.num_layers * layer + self.hidden_size * self.vocab_size
        return 3 * 2 * weights * self.num_tokens

    def describe(self) -> str:
        """Return the sizes as one line of text.

        Example:
            >>> StepSizes(num_layers=2, hidden_size=650, vocab_size=10_000).describe()
            '2x650, 10,000 words, batch 20 x 35'
        """
        return (
            f"{self.num_layers}x{self.hidden_size}, {self.vocab_size:,} words, "
            f"batch {self.batch_size} x {self.bptt_steps}"
        )


def zipf_ids(vocab_size: int, num_ids: int, *, first: int = 0) -> Int64[Tensor, " ids"]:
    """Return random ids that follow Zipf's law: the probability is proportional to 1 / rank.

    Args:
        vocab_size: Number of ids.
        num_ids: Number of ids to draw.
        first: Smallest id, which has rank 1.

    Returns:
        The ids, (num_ids).
    """
    weights = 1.0 / torch.arange(1, vocab_size - first + 1, dtype=torch.float64)
    return first + torch.multinomial(weights, num_ids, replacement=True)

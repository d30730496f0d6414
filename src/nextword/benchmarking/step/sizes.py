"""The sizes of a training step, the work that is in it, and ids to train on."""

from dataclasses import dataclass

import torch
from jaxtyping import Int64
from torch import Tensor

#: Of the optimiser, the clipping and the dropout, as in PyTorch's word-language-model example.
LEARNING_RATE = 20.0
CLIPPING_NORM = 0.25
DROPOUT = 0.5
#: Gates of an LSTM.
_NUM_GATES = 4


@dataclass(frozen=True, kw_only=True)
class StepSizes:
    """How large a model is, and the window it is trained on; its two tables are one.

    Attributes:
        num_layers: LSTM layers.
        hidden_size: Width of every layer and of the embedding.
        vocab_size: Words.
        batch_size: Rows of a window.
        bptt_steps: Steps of a window.
    """

    num_layers: int
    hidden_size: int
    vocab_size: int
    batch_size: int = 20
    bptt_steps: int = 35

    @property
    def num_tokens(self) -> int:
        """Tokens of a window."""
        return self.batch_size * self.bptt_steps

    @property
    def num_operations(self) -> int:
        """Floating-point operations in the products of a step.

        Those with the inputs, with the hidden states and with the output's table, two for each
        weight; and as much again for each of the two gradients that a product has. Looking up
        embeddings, gates and softmax are left out.

        Example:
            >>> StepSizes(num_layers=2, hidden_size=650, vocab_size=10_000).num_operations
            55692000000
        """
        layer = _NUM_GATES * self.hidden_size * (self.hidden_size + self.hidden_size)
        weights = self.num_layers * layer + self.hidden_size * self.vocab_size
        return 3 * 2 * weights * self.num_tokens

    def describe(self) -> str:
        """Say the sizes in a line.

        Example:
            >>> StepSizes(num_layers=2, hidden_size=650, vocab_size=10_000).describe()
            '2x650, 10,000 words, batch 20 x 35'
        """
        return (
            f"{self.num_layers}x{self.hidden_size}, {self.vocab_size:,} words, "
            f"batch {self.batch_size} x {self.bptt_steps}"
        )


def zipf_ids(vocab_size: int, num_ids: int, *, first: int = 0) -> Int64[Tensor, " ids"]:
    """Draw ids whose chance falls as one over their rank, as that of words does.

    Args:
        vocab_size: Number of ids.
        num_ids: How many to draw.
        first: The first id that is drawn.
    """
    weights = 1.0 / torch.arange(1, vocab_size - first + 1, dtype=torch.float64)
    return first + torch.multinomial(weights, num_ids, replacement=True)

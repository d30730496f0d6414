"""A price on large outputs, and on outputs that change quickly, in the training loss."""

from dataclasses import dataclass

import torch
from torch import Tensor

from nextword.tensors import Hidden, Nll


@dataclass(frozen=True, kw_only=True)
class ActivationPenalty:
    """Activation regularisation (AR) and its temporal form (TAR).

    Attributes:
        activation: The price of AR.
        temporal: The price of TAR.

    Source: Merity et al. (2017), arXiv 1708.01009, with squares instead of norms, as in the code
    of AWD-LSTM: the mean over the width of h∘h after dropout, and that of (h[t] - h[t-1])² before
    dropout, each times its price. The first step of a window has none before it to differ from.
    """

    activation: float = 0.0
    temporal: float = 0.0

    def __bool__(self) -> bool:
        return self.activation > 0.0 or self.temporal > 0.0

    def __call__(self, outputs: Hidden, dropped: Hidden) -> Nll:
        """Give what is added to the loss at each position, (batch, time).

        Args:
            outputs: The last layer's outputs, (batch, time, hidden).
            dropped: The same after dropout.
        """
        penalty = self.activation * _mean_square(dropped)
        if self.temporal > 0.0:
            changes = _mean_square(outputs[:, 1:] - outputs[:, :-1])
            penalty = penalty + self.temporal * torch.nn.functional.pad(changes, (1, 0))
        return penalty


def _mean_square(vectors: Tensor) -> Tensor:
    """Give the mean square over the width, in float32 whatever the vectors are in."""
    vectors = vectors if vectors.dtype == torch.float64 else vectors.float()
    return vectors.square().mean(dim=-1)

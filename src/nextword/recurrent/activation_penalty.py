"""Activation regularization (AR) and temporal activation regularization (TAR)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from nextword.tensors import Hidden, Nll


@dataclass(frozen=True, kw_only=True)
class ActivationPenalty:
    """Penalties added to the training loss: AR for large outputs, TAR for quick changes of them.

    AR is the mean over the width of h∘h after dropout; TAR is that of (h[t] - h[t-1])² before
    dropout. Each is multiplied with its coefficient. TAR is 0 at the first step of a window.

    Attributes:
        activation: The AR coefficient, at least 0.
        temporal: The TAR coefficient, at least 0.

    Source: [merity2017], with squares instead of norms, as in the code of AWD-LSTM.
    """

    activation: float = 0.0
    temporal: float = 0.0

    def __bool__(self) -> bool:
        return self.activation > 0.0 or self.temporal > 0.0

    def __call__(self, outputs: Hidden, dropped: Hidden) -> Nll:
        """Return the penalty at each position, (batch, time).

        Args:
            outputs: The last layer's outputs, (batch, time, hidden).
            dropped: The same outputs after dropout, (batch, time, hidden).
        """
        penalty = self.activation * _mean_square(dropped)
        if self.temporal > 0.0:
            changes = _mean_square(outputs[:, 1:] - outputs[:, :-1])
            penalty = penalty + self.temporal * torch.nn.functional.pad(changes, (1, 0))
        return penalty


def _mean_square(vectors: Tensor) -> Tensor:
    """Return the mean square over the width, in at least float32."""
    vectors = vectors if vectors.dtype == torch.float64 else vectors.float()
    return vectors.square().mean(dim=-1)

"""The distribution of the next token that a session keeps until it reads more."""

from dataclasses import dataclass

import torch
from jaxtyping import Float64
from torch import Tensor

from nextword.models import State
from nextword.tensors import Rows


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """The distribution of the next token of every row.

    Attributes:
        log_probs: Log-probabilities on the CPU, (rows, vocab), in nats.
        state: The state of the model after the last token.
    """

    log_probs: Float64[Tensor, "rows vocab"]
    state: State

    def select(self, rows: Rows) -> "Prediction":
        """Return the rows at these indices."""
        return Prediction(log_probs=self.log_probs[rows], state=self.state.select(rows))

    def concatenate(self, other: "Prediction") -> "Prediction":
        """Return these rows, followed by those of another prediction."""
        return Prediction(
            log_probs=torch.cat([self.log_probs, other.log_probs]),
            state=self.state.concatenate([other.state]),
        )

"""Copying: the next token is written from the vocabulary, or taken from the source."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional

#: Probabilities of a copy below this count as this, so that their logarithm is finite.
_LEAST_PROB = 1e-30


class CopyGate(nn.Module):
    """Mixes the distribution over the vocabulary with the attention to the source.

    p(y) = g · softmax(logits)[y] + (1 - g) · Σ_{s: copies[s] = y} a[s], where a are the attention
    weights of the step and g = σ(w · h̃ + b) is computed from the attentional vector.

    Args:
        size: Size of the attentional vector h̃.

    Source: [see2017], equation 9; [gulcehre2016].
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.gate = nn.Linear(size, 1)

    def forward(
        self,
        vectors: Float[Tensor, "rows hidden"],
        logits: Float[Tensor, "rows output"],
        *,
        weights: Float[Tensor, "rows source"],
        copies: Int64[Tensor, "rows source"],
    ) -> Float[Tensor, "rows output"]:
        """Return log-probabilities, nats, (rows, output).

        Args:
            vectors: The attentional vectors, (rows, hidden).
            logits: The logits of the vocabulary, (rows, output).
            weights: The attention weights, (rows, source).
            copies: The output that each source position is copied as, (rows, source).

        Example:
            >>> gate = CopyGate(2)
            >>> _ = nn.init.zeros_(gate.gate.weight), nn.init.zeros_(gate.gate.bias)
            >>> weights, copies = torch.tensor([[0.5, 0.25, 0.25]]), torch.tensor([[2, 0, 2]])
            >>> mixed = gate(torch.ones(1, 2), torch.zeros(1, 4), weights=weights, copies=copies)
            >>> [round(prob, 4) for prob in mixed.exp()[0].tolist()]
            [0.25, 0.125, 0.5, 0.125]
        """
        dtype = torch.promote_types(logits.dtype, torch.float32)
        logits, weights = logits.to(dtype), weights.to(dtype)
        gate = self.gate(vectors).to(dtype)
        copied = torch.zeros_like(logits).scatter_add(1, copies, weights)
        return torch.logaddexp(
            functional.logsigmoid(gate) + functional.log_softmax(logits, dim=1),
            functional.logsigmoid(-gate) + copied.clamp_min(_LEAST_PROB).log(),
        )

"""Pooling: from one vector for each word to one vector for the text."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nextword.base import require
from nextword.tensors import Hidden, Lengths, Mask

Pooled = Float[Tensor, "batch hidden"]
#: Weight of each word; 0 for padding.
WordWeights = Float[Tensor, "batch time"]

POOLINGS = ("last", "mean", "max", "attention")


class Pooling(nn.Module):
    """Pools the vectors of the words of each text; padding has no effect, and no words give zeros.

    - `last`: the last state of each direction, after it has read the whole text: that of the last
      word for the forward direction, that of the first word for the backward direction.
    - `mean` and `max`: of each component over the words.
    - `attention`: a weighted mean, with weights softmax(v · tanh(W h + b)) over the words.

    Args:
        kind: `last`, `mean`, `max` or `attention`.
        size: Size of the vectors.
        is_bidirectional: Whether the second half of a vector is from the backward direction.

    Raises:
        ConfigError: The kind is unknown.

    Source: max pooling [collobert2011], attention [yang2016].

    Example:
        >>> pooling = Pooling("mean", size=1)
        >>> outputs = torch.tensor([[[1.0], [3.0], [99.0]]])
        >>> pooling(outputs, torch.tensor([2])).tolist()
        [[2.0]]
    """

    def __init__(self, kind: str, *, size: int, is_bidirectional: bool = False) -> None:
        super().__init__()
        require(
            kind in POOLINGS,
            f"pooling is {kind!r}, which is unknown.",
            help=f"Use one of {', '.join(POOLINGS)}.",
        )
        self.kind = kind
        self._forward_size = size // 2 if is_bidirectional else size
        self.scorer: nn.Module | None = None
        if kind == "attention":
            self.scorer = nn.Sequential(
                nn.Linear(size, size), nn.Tanh(), nn.Linear(size, 1, bias=False)
            )

    def extra_repr(self) -> str:
        """Return the settings that the weights' shapes do not show."""
        return f"kind={self.kind!r}"

    def forward(self, outputs: Hidden, lengths: Lengths) -> Pooled:
        """Return one vector for each text, (batch, size).

        Args:
            outputs: Vectors of the words, (batch, time, size).
            lengths: Number of words of each text, (batch).
        """
        if self.kind == "last":
            return self._last(outputs, lengths)
        if self.kind == "max":
            return _maximum(outputs, _mask(outputs, lengths))
        weights = self.weights(outputs, lengths)
        return torch.einsum("bt,bts->bs", weights, outputs)

    def weights(self, outputs: Hidden, lengths: Lengths) -> WordWeights:
        """Return the weight of each word in the mean, (batch, time); 0 for padding.

        Args:
            outputs: Vectors of the words, (batch, time, size).
            lengths: Number of words of each text, (batch).
        """
        mask = _mask(outputs, lengths)
        if self.scorer is None:
            shares = 1.0 / lengths.clamp(min=1).to(outputs.dtype)
            return mask * shares[:, None]
        # Not minus infinity: the softmax of a row without words would be NaN.
        lowest = torch.finfo(outputs.dtype).min
        scores: Tensor = self.scorer(outputs).squeeze(2).masked_fill(~mask, lowest)
        return scores.softmax(1) * mask

    def _last(self, outputs: Hidden, lengths: Lengths) -> Pooled:
        rows = torch.arange(len(outputs), device=outputs.device)
        last = outputs[rows, (lengths - 1).clamp(min=0), : self._forward_size]
        first = outputs[:, 0, self._forward_size :]
        has_words = (lengths > 0)[:, None]
        return torch.cat([last, first], dim=1) * has_words


def _mask(outputs: Hidden, lengths: Lengths) -> Mask:
    return torch.arange(outputs.shape[1], device=outputs.device) < lengths[:, None]


def _maximum(outputs: Hidden, mask: Mask) -> Pooled:
    lowest = torch.finfo(outputs.dtype).min
    highest = outputs.masked_fill(~mask[:, :, None], lowest).max(1).values
    return highest * mask.any(1, keepdim=True)

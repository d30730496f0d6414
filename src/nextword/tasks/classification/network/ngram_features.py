"""A weight for each n-gram and label, added to the scores of the labels.

The n-grams of a text are wired straight to the output, beside the recurrent network, as the
maximum-entropy features of RNN language models are.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from nextword.layers import SparseTable

#: Added to every count of naive Bayes.
_SMOOTHING = 1.0


@dataclass(frozen=True, kw_only=True)
class NgramBatch:
    """The n-grams of the texts of a batch.

    Attributes:
        slots: Slots of the n-grams of all texts, one text after the other, (features).
        starts: Index in `slots` of the first n-gram of each text, (batch).
    """

    slots: Int64[Tensor, " features"]
    starts: Int64[Tensor, " batch"]

    @classmethod
    def of(cls, texts: Sequence[Int64[np.ndarray, " _"]]) -> "NgramBatch":
        """Return the batch of some texts.

        Args:
            texts: Slots of the n-grams of each text.
        """
        lengths = [0, *(len(slots) for slots in texts[:-1])]
        return cls(
            slots=torch.from_numpy(np.concatenate(texts)),
            starts=torch.from_numpy(np.cumsum(lengths, dtype=np.int64)),
        )

    def to(self, device: torch.device) -> "NgramBatch":
        """Return the batch on a device."""
        return NgramBatch(slots=self.slots.to(device), starts=self.starts.to(device))


class NgramFeatures(SparseTable):
    """score[text, label] = Σ over the n-grams g of the text of θ[slot(g), label].

    Args:
        table_size: Number of slots.
        num_labels: Number of labels.
        dropout: Probability in training that an n-gram is left out.
        text_dropout: Probability in training that all n-grams of a text are left out.

    Source: [mikolov2011], section 3; with naive Bayes [wang2012].
    """

    def __init__(
        self,
        *,
        table_size: int,
        num_labels: int,
        dropout: float = 0.0,
        text_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(table_size, num_labels))
        self.dropout = dropout
        self.text_dropout = text_dropout

    def extra_repr(self) -> str:
        """Return the settings that the weights' shapes do not show."""
        return f"dropout={self.dropout}, text_dropout={self.text_dropout}"

    def forward(self, ngrams: NgramBatch) -> Float[Tensor, "batch labels"]:
        """Return what the n-grams add to the score of each label, (batch, labels).

        Args:
            ngrams: The n-grams of each text.
        """
        weights = None
        if self.training and self.dropout > 0.0:
            ones = torch.ones(len(ngrams.slots), device=self.weight.device)
            weights = nn.functional.dropout(ones, self.dropout)
        scores = nn.functional.embedding_bag(
            ngrams.slots,
            self.weight,
            ngrams.starts,
            mode="sum",
            sparse=True,
            per_sample_weights=weights,
        )
        if self.training and self.text_dropout > 0.0:
            draws = torch.rand(len(scores), 1, device=scores.device)
            # Not scaled up: the encoder alone scores the other texts.
            scores = scores * (draws >= self.text_dropout)
        return scores

    @torch.no_grad()
    def set_naive_bayes(
        self,
        texts: Iterable[Int64[np.ndarray, " _"]],
        labels: Iterable[Sequence[int]],
        *,
        scale: float,
        multi_label: bool,
    ) -> None:
        """Set the weights to those of naive Bayes, times a factor.

        With one label per text, the weight is log p(n-gram | label) minus its mean over the labels;
        for two labels, the difference of the two weights is the log-count ratio of [wang2012].
        With several labels per text, it is the log-count ratio of the texts with the label and
        those without it.

        Args:
            texts: Slots of the n-grams of each training text.
            labels: Ids of the labels of each text.
            scale: The factor. Naive Bayes counts dependent n-grams as independent, and is
                overconfident; the factor compensates for it.
            multi_label: Whether a text may have any number of labels.
        """
        size, num_labels = self.weight.shape
        counts = np.full((num_labels, size), _SMOOTHING)
        totals = np.full(size, _SMOOTHING)
        is_seen = np.zeros(size, dtype=bool)
        for slots, ids in zip(texts, labels, strict=True):
            counts[np.asarray(ids, dtype=np.int64)[:, None], slots] += 1.0
            totals[slots] += 1.0
            is_seen[slots] = True
        log_probs = _log_shares(counts)
        if multi_label:
            others = totals - (counts - _SMOOTHING)
            weights = log_probs - _log_shares(others)
        else:
            weights = log_probs - log_probs.mean(0)
        weights[:, ~is_seen] = 0.0
        self.weight.copy_(torch.from_numpy(scale * weights.T))


def _log_shares(counts: Float[np.ndarray, "labels slots"]) -> Float[np.ndarray, "labels slots"]:
    shares: np.ndarray = np.log(counts / counts.sum(1, keepdims=True))
    return shares

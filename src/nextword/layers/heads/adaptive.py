"""The adaptive softmax: rare words are scored only at the positions where they are the target."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional

from nextword.base import ShapeError, require
from nextword.layers.embeddings import NARROWING, AdaptiveEmbedding, default_cutoffs
from nextword.layers.heads import chunked
from nextword.layers.heads.chunked import linear_cross_entropy
from nextword.layers.heads.contract import FlatHidden, FlatNll, FlatTargets, Output
from nextword.layers.heads.losses import linear_nll, log_softmax
from nextword.layers.heads.pieces import nll_in_pieces


@dataclass(frozen=True, kw_only=True)
class SoftmaxTail:
    """The weights of a cluster of an adaptive softmax: scores E (A h) + b.

    Attributes:
        projection: A, (narrow, hidden); None if the cluster's vectors have the full width.
        words: E, (words, narrow).
        bias: b, (words); -inf for ids that are never predicted.
    """

    projection: Tensor | None
    words: Tensor
    bias: Tensor


class AdaptiveSoftmax(Output):
    """P(w) = P(w | head) in the head, P(cluster i | head) P(w | cluster i) in cluster i.

    The head is a softmax over the most frequent words and one entry per cluster. Cluster i is a
    softmax over its words, on a narrower projection of h: scores E_i (A_i^T h) + b. A training step
    computes the head at all positions, and a cluster only at the positions whose target is in it.
    The distribution is exact; only the number of parameters of rare words is smaller.

    Ids must be in the order of falling frequency, as in vocabularies of words. Ids that are never
    predicted get probability 0.

    Args:
        hidden_size: Width of h.
        vocab_size: Number of words.
        cutoffs: First id of each cluster but the head, increasing; chosen by the vocabulary size
            when None. A tied embedding's own are used instead.
        narrowing: Factor by which each cluster's vectors are narrower than those of the one before;
            with 1 all words have the full width. A tied embedding's own is used instead.
        never_ids: Ids that are never predicted.
        tied_weight: The embedding whose E_i and A_i to use; None for its own.

    Raises:
        ConfigError: Cut-offs are not increasing or exceed the vocabulary, or a cluster has no word
            that can be predicted.
        ShapeError: The tied embedding has other sizes.

    Source: [grave2017adaptive]; weight tying as in [baevski2019].

    Example:
        >>> output = AdaptiveSoftmax(3, 5, cutoffs=(2,), never_ids=(0,))
        >>> round(output.log_probs(torch.zeros(1, 3)).exp().sum().item(), 4)
        1.0
    """

    never: Tensor
    cutoffs: Tensor

    def __init__(
        self,
        hidden_size: int,
        vocab_size: int,
        *,
        cutoffs: tuple[int, ...] | None = None,
        narrowing: int = NARROWING,
        never_ids: tuple[int, ...] = (),
        tied_weight: AdaptiveEmbedding | None = None,
    ) -> None:
        super().__init__()
        if tied_weight is None:
            tied_weight = AdaptiveEmbedding(
                hidden_size,
                vocab_size,
                cutoffs=cutoffs or default_cutoffs(vocab_size),
                narrowing=narrowing,
            )
        bounds = tied_weight.bounds
        if (bounds[-1][1], tied_weight.width) != (vocab_size, hidden_size):
            raise ShapeError(
                f"the tied embedding has sizes {(bounds[-1][1], tied_weight.width)}; the output "
                f"needs {(vocab_size, hidden_size)}."
            )
        _require_words(bounds, never_ids)
        self.words = tied_weight
        num_tails = len(bounds) - 1
        scale = hidden_size**-0.5
        self.tail_weight = nn.Parameter(torch.empty(num_tails, hidden_size).uniform_(-scale, scale))
        self.tail_bias = nn.Parameter(torch.zeros(num_tails))
        self.bias = nn.Parameter(torch.zeros(vocab_size))
        never = torch.zeros(vocab_size, dtype=torch.bool)
        never[list(never_ids)] = True
        self.register_buffer("never", never, persistent=False)
        starts = torch.tensor([low for low, _ in bounds[1:]])
        self.register_buffer("cutoffs", starts, persistent=False)

    def log_probs(self, hidden: FlatHidden) -> Float[Tensor, "positions vocab"]:
        """Return log-probabilities, nats, in at least float32."""
        bias = self._masked_bias()
        head = log_softmax(self._head_logits(hidden, bias))
        head_size = self.words.bounds[0][1]
        parts = [head[:, :head_size]]
        for number, (low, high) in enumerate(self.words.bounds[1:], start=1):
            cluster = self.words.clusters[number]
            logits = functional.linear(cluster.narrow(hidden), cluster.table, bias[low:high])
            tail = head_size + number - 1
            parts.append(log_softmax(logits) + head[:, tail : tail + 1])
        return torch.cat(parts, dim=1)

    def nll(self, hidden: FlatHidden, target_ids: FlatTargets) -> FlatNll:
        """Return the negative log-likelihood of each target, nats.

        Without gradients it is computed in pieces of few positions, to limit memory.
        """
        if torch.is_grad_enabled():
            return self._nll(hidden, target_ids)
        scores = self.num_scores_held(1)
        return nll_in_pieces(self._nll, hidden, target_ids=target_ids, scores_per_position=scores)

    def head(self) -> tuple[Tensor, Tensor]:
        """Return weight and bias of the frequent words and then of an entry for each cluster.

        Returns:
            (words + clusters, hidden) and (words + clusters).
        """
        return self._head(self._masked_bias())

    def tails(self) -> list[SoftmaxTail]:
        """Return the weights of the clusters, in the order of their ids."""
        bias, tails = self._masked_bias(), []
        for number, (low, high) in enumerate(self.words.bounds[1:], start=1):
            cluster = self.words.clusters[number]
            projection = None if cluster.projection is None else cluster.projection.T
            tails.append(
                SoftmaxTail(projection=projection, words=cluster.table, bias=bias[low:high])
            )
        return tails

    def num_scores_held(self, num_positions: int) -> int:
        """Return the scores of the head, and those of the largest cluster up to one block."""
        sizes = [high - low for low, high in self.words.bounds]
        head_size = sizes[0] + len(sizes) - 1
        return num_positions * head_size + min(num_positions * max(sizes[1:]), chunked.BLOCK_SCORES)

    def _nll(self, hidden: FlatHidden, target_ids: FlatTargets) -> FlatNll:
        bias = self._masked_bias()
        # `bucketize` warns of a slice that is not contiguous.
        target_ids = target_ids.contiguous()
        numbers = torch.bucketize(target_ids, self.cutoffs, right=True)
        head_targets = self._head_targets(target_ids, numbers)
        weight, head_bias = self._head(bias)
        nll = linear_nll(hidden, weight, bias=head_bias, target_ids=head_targets)
        for number, (low, high) in enumerate(self.words.bounds[1:], start=1):
            positions = (numbers == number).nonzero().squeeze(1)
            tail_nll = _linear_nll(
                self.words.clusters[number].narrow(hidden.index_select(0, positions)),
                self.words.clusters[number].table,
                bias[low:high],
                target_ids[positions] - low,
            )
            nll = nll.index_add(0, positions, tail_nll)
        return nll

    def _head_logits(self, hidden: Tensor, bias: Tensor) -> Tensor:
        """Return scores of the frequent words, then the clusters, without copying the weights."""
        words = self.words.clusters[0].table
        logits = functional.linear(hidden, words, bias[: len(words)])
        return torch.cat([logits, functional.linear(hidden, self.tail_weight, self.tail_bias)], 1)

    def _head(self, bias: Tensor) -> tuple[Tensor, Tensor]:
        """Return weight and bias of the head as one matrix and vector, for many positions."""
        words = self.words.clusters[0].table
        weight = torch.cat([words, self.tail_weight])
        return weight, torch.cat([bias[: len(words)], self.tail_bias])

    def _head_targets(self, target_ids: Tensor, numbers: Int64[Tensor, " positions"]) -> Tensor:
        """Return the entry of the head for each target: the word itself, or its cluster."""
        return torch.where(numbers == 0, target_ids, self.words.bounds[0][1] + numbers - 1)

    def _masked_bias(self) -> Tensor:
        return self.bias.masked_fill(self.never, -math.inf)


def _linear_nll(hidden: Tensor, weight: Tensor, bias: Tensor, target_ids: Tensor) -> Tensor:
    """Return the loss in one product if all scores fit into a block, else block by block."""
    if len(hidden) * len(weight) <= chunked.BLOCK_SCORES:
        return linear_nll(hidden, weight, bias=bias, target_ids=target_ids)
    return linear_cross_entropy(hidden, weight, bias=bias, target_ids=target_ids)


def _require_words(bounds: list[tuple[int, int]], never_ids: tuple[int, ...]) -> None:
    """Refuse a cluster whose words are all never predicted."""
    for low, high in bounds[1:]:
        require(
            not set(range(low, high)) <= set(never_ids),
            f"output.cutoffs makes a cluster of the ids {low} to {high - 1}, which are never "
            "predicted.",
            help="Move the cut-offs, or leave output.cutoffs out to have them chosen.",
        )

"""The full softmax: one weight row per word, and the cross-entropy over all words."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from nextword.base import ShapeError
from nextword.layers.heads.additions import Additions, added
from nextword.layers.heads.contract import FlatHidden, FlatNll, FlatTargets, Output
from nextword.layers.heads.losses import linear_nll, log_softmax
from nextword.layers.heads.pieces import nll_in_pieces


class FullSoftmax(Output):
    """ŷ = softmax(W_y h + b_y) over the whole vocabulary.

    Ids that are never predicted get probability 0.

    Args:
        hidden_size: Width of h.
        vocab_size: Number of words.
        never_ids: Ids that are never predicted.
        tied_weight: The embedding table, (vocab, hidden), to use as W_y; None for its own W_y.

    Raises:
        ShapeError: The tied table has other sizes.

    Source: [lecture-000] to [lecture-004]; weight tying from [press2017] and [inan2017].

    Example:
        >>> output = FullSoftmax(3, 5, never_ids=(0,))
        >>> output.log_probs(torch.zeros(1, 3)).exp().round(decimals=2).tolist()
        [[0.0, 0.25, 0.25, 0.25, 0.25]]
    """

    never: Tensor

    def __init__(
        self,
        hidden_size: int,
        vocab_size: int,
        *,
        never_ids: tuple[int, ...] = (),
        tied_weight: nn.Parameter | None = None,
    ) -> None:
        super().__init__()
        if tied_weight is not None and tied_weight.shape != (vocab_size, hidden_size):
            raise ShapeError(
                f"the tied embedding has shape {tuple(tied_weight.shape)}; the output needs "
                f"{(vocab_size, hidden_size)}."
            )
        if tied_weight is None:
            scale = hidden_size**-0.5
            tied_weight = nn.Parameter(torch.empty(vocab_size, hidden_size).uniform_(-scale, scale))
        self.weight = tied_weight
        self.bias = nn.Parameter(torch.zeros(vocab_size))
        never = torch.zeros(vocab_size, dtype=torch.bool)
        never[list(never_ids)] = True
        self.register_buffer("never", never, persistent=False)

    def logits(self, hidden: FlatHidden) -> Float[Tensor, "positions vocab"]:
        """Return unnormalized scores, (positions, vocab); -inf for ids that are never predicted."""
        return functional.linear(hidden, self.weight, self.masked_bias())

    def masked_bias(self) -> Float[Tensor, " vocab"]:
        """Return b_y, with -inf for ids that are never predicted."""
        return self.bias.masked_fill(self.never, -math.inf)

    def log_probs(self, hidden: FlatHidden) -> Float[Tensor, "positions vocab"]:
        """Return log-probabilities, nats, in at least float32."""
        return log_softmax(self.logits(hidden))

    def nll(self, hidden: FlatHidden, target_ids: FlatTargets) -> FlatNll:
        """Return the negative log-likelihood of each target, nats.

        Without gradients it is computed in pieces of few positions, to limit memory.
        """
        if torch.is_grad_enabled():
            return self._nll(hidden, target_ids)
        return nll_in_pieces(
            self._nll, hidden, target_ids=target_ids, scores_per_position=len(self.bias)
        )

    def added_log_probs(
        self, hidden: FlatHidden, additions: Additions
    ) -> Float[Tensor, "positions vocab"]:
        """Return the log-probabilities of softmax(W_y h + b_y + additions), nats.

        Args:
            hidden: Hidden vectors, (positions, hidden).
            additions: Scores to add.

        Returns:
            (positions, vocab), in at least float32.
        """
        return log_softmax(added(self.logits(hidden), additions))

    def added_nll(
        self, hidden: FlatHidden, target_ids: FlatTargets, *, additions: Additions
    ) -> FlatNll:
        """Return the negative log-likelihood of each target under `added_log_probs`, nats.

        Without gradients it is computed in pieces of few positions, as in `nll`.
        """
        if torch.is_grad_enabled():
            return self._nll(hidden, target_ids, additions)
        begin = 0

        def nll(part: FlatHidden, targets: FlatTargets) -> FlatNll:
            nonlocal begin
            inside = additions.between(begin, begin + len(part))
            begin += len(part)
            return self._nll(part, targets, inside)

        return nll_in_pieces(nll, hidden, target_ids=target_ids, scores_per_position=len(self.bias))

    def num_scores_held(self, num_positions: int) -> int:
        """Return the number of all scores."""
        return num_positions * len(self.bias)

    def _nll(
        self, hidden: FlatHidden, target_ids: FlatTargets, additions: Additions | None = None
    ) -> FlatNll:
        return linear_nll(
            hidden, self.weight, bias=self.masked_bias(), target_ids=target_ids, additions=additions
        )

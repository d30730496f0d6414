"""The full softmax: one weight row a word, and the cross-entropy over all of them."""

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
        tied_weight: The embedding table, (vocab, hidden), to use as W_y; one of its own when None.

    Raises:
        ShapeError: The tied table has other sizes.

    Source: lectures 000-004; tying from Press & Wolf (2017) and Inan et al. (2017).

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
        """Give unnormalised scores; -inf for ids that are never predicted."""
        return functional.linear(hidden, self.weight, self.masked_bias())

    def masked_bias(self) -> Float[Tensor, " vocab"]:
        """Give b_y with -inf for ids that are never predicted."""
        return self.bias.masked_fill(self.never, -math.inf)

    def log_probs(self, hidden: FlatHidden) -> Float[Tensor, "positions vocab"]:
        """Give log-probabilities, nats, in at least float32."""
        return log_softmax(self.logits(hidden))

    def nll(self, hidden: FlatHidden, target_ids: FlatTargets) -> FlatNll:
        """Give the negative log-likelihood of each target, nats.

        Without gradients the scores are made a piece at a time, so that memory stays small
        however many positions and words there are.
        """
        if torch.is_grad_enabled():
            return self._nll(hidden, target_ids)
        return nll_in_pieces(self._nll, hidden, target_ids, scores_per_position=len(self.bias))

    def added_log_probs(
        self, hidden: FlatHidden, additions: Additions
    ) -> Float[Tensor, "positions vocab"]:
        """Give ŷ = softmax(W_y h + b_y + additions) as log-probabilities, in at least float32."""
        return log_softmax(added(self.logits(hidden), additions))

    def added_nll(
        self, hidden: FlatHidden, target_ids: FlatTargets, additions: Additions
    ) -> FlatNll:
        """Give the negative log-likelihood of each target under `added_log_probs`, nats.

        Without gradients the scores are made a piece at a time, as those of `nll`.
        """
        if torch.is_grad_enabled():
            return self._nll(hidden, target_ids, additions)
        begin = 0

        def nll(part: FlatHidden, targets: FlatTargets) -> FlatNll:
            nonlocal begin
            inside = additions.between(begin, begin + len(part))
            begin += len(part)
            return self._nll(part, targets, inside)

        return nll_in_pieces(nll, hidden, target_ids, scores_per_position=len(self.bias))

    def num_scores_held(self, num_positions: int) -> int:
        """All of them."""
        return num_positions * len(self.bias)

    def _nll(
        self, hidden: FlatHidden, target_ids: FlatTargets, additions: Additions | None = None
    ) -> FlatNll:
        return linear_nll(hidden, self.weight, self.masked_bias(), target_ids, additions)

"""The sampled softmax: the full softmax, trained against a few randomly drawn words."""

import math

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional

from nextword.base import require
from nextword.layers.embeddings import look_up
from nextword.layers.heads.contract import FlatHidden, FlatNll, FlatTargets
from nextword.layers.heads.full import FullSoftmax
from nextword.layers.heads.losses import cross_entropy


class SampledSoftmax(FullSoftmax):
    """ŷ = softmax(W_y h + b_y); in training Σ exp is estimated from randomly drawn words.

    Z ≈ exp(o[target]) + Σ over draws j ≠ target of exp(o[j]) / (num_samples Q[j]), whose
    expectation is Z. The draws, with replacement, are shared by all positions of a step. Q is
    log-uniform, which assumes ids in the order of falling frequency, as in vocabularies of words.
    Only the rows of W_y that were drawn or are targets get a gradient. In evaluation mode and
    without gradients the loss is exact.

    Args:
        hidden_size: Width of h.
        vocab_size: Number of words.
        num_samples: Number of words drawn per step.
        never_ids: Ids that are never predicted.
        tied_weight: The embedding table, (vocab, hidden), to use as W_y; None for its own W_y.

    Raises:
        ConfigError: There are more draws than words.
        ShapeError: The tied table has other sizes.

    Source: importance sampling from [bengio2008]; [jean2015].
    """

    def __init__(
        self,
        hidden_size: int,
        vocab_size: int,
        *,
        num_samples: int,
        never_ids: tuple[int, ...] = (),
        tied_weight: nn.Parameter | None = None,
    ) -> None:
        require(
            num_samples <= vocab_size,
            f"output.num_samples is {num_samples:,}, but the vocabulary has {vocab_size:,} words; "
            "all of them are fewer.",
            help="Set output.kind=full, or draw fewer.",
        )
        super().__init__(hidden_size, vocab_size, never_ids=never_ids, tied_weight=tied_weight)
        self.num_samples = num_samples

    def nll(self, hidden: FlatHidden, target_ids: FlatTargets) -> FlatNll:
        """Return the negative log-likelihood of each target, nats; an estimate in training."""
        if not (self.training and torch.is_grad_enabled()):
            return super().nll(hidden, target_ids)
        sample_ids = draw_log_uniform(self.num_samples, len(self.bias), device=hidden.device)
        return self.sampled_nll(hidden, target_ids, sample_ids=sample_ids)

    def sampled_nll(
        self, hidden: FlatHidden, target_ids: FlatTargets, *, sample_ids: Int64[Tensor, " samples"]
    ) -> FlatNll:
        """Return the estimated negative log-likelihood of each target, nats.

        Args:
            hidden: Hidden vectors, (positions, hidden).
            target_ids: Ids to predict, (positions).
            sample_ids: The drawn words, (samples).
        """
        ids = torch.cat([target_ids, sample_ids])
        rows = look_up(self.weight, ids, sparse=self.sparse_gradients)
        bias = self.masked_bias()[ids]
        num_targets = len(target_ids)
        target_scores = (hidden * rows[:num_targets]).sum(dim=1) + bias[:num_targets]
        scores = functional.linear(hidden, rows[num_targets:], bias[num_targets:])
        expected = len(sample_ids) * log_uniform(sample_ids, len(self.bias))
        # After the product: autocast would round the correction to two digits.
        scores = scores - expected.log().to(torch.promote_types(scores.dtype, torch.float32))
        scores = scores.masked_fill(target_ids[:, None] == sample_ids, -math.inf)
        first = torch.zeros_like(target_ids)
        return cross_entropy(torch.cat([target_scores[:, None], scores], dim=1), first)

    def num_scores_held(self, num_positions: int) -> int:
        """Return the number of scores of the drawn words and the target."""
        return num_positions * (self.num_samples + 1)


def log_uniform(token_ids: Int64[Tensor, " samples"], vocab_size: int) -> Float[Tensor, " samples"]:
    """Return Q[k] = log((k + 2) / (k + 1)) / log(vocab_size + 1), float64: about Zipf's law.

    Example:
        >>> round(log_uniform(torch.arange(5), 5).sum().item(), 12)
        1.0
    """
    return (1.0 / (token_ids.double() + 1.0)).log1p() / math.log(vocab_size + 1)


def draw_log_uniform(
    num_samples: int, vocab_size: int, *, device: torch.device
) -> Int64[Tensor, " samples"]:
    """Draw ids from `log_uniform`, with replacement, with torch's default generator."""
    shares = torch.rand(num_samples, dtype=torch.float64, device=device)
    drawn = (shares * math.log(vocab_size + 1)).exp().long() - 1
    return drawn.clamp_(0, vocab_size - 1)

"""Sums over all label sequences: the log-partition function and the expected counts.

Two implementations with equal results. The scaled one is a product of probabilities at each
position, which is fast. It is used unless a probability is too small for the dtype. The other one
works with logarithms.
"""

from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor

from nextword.tasks.tagging.crf.chain import Chain

#: Probabilities below the smallest normal number times this factor are computed with logarithms.
_HEADROOM = 2.0**60


class Counts(NamedTuple):
    """Expected counts: the gradients of the log-partition function.

    Attributes:
        labels: Of each label at each position, (time, batch, labels).
        pairs: Of each label (column) after each label (row), (labels, labels).
        starts: Of each label at the first position, (labels).
        ends: Of each label at the last position, (labels).
    """

    labels: Tensor
    pairs: Tensor
    starts: Tensor
    ends: Tensor


class Sums(ABC):
    """Sums over all label sequences of each row of a chain.

    Attributes:
        chain: The scores.
        log_partition: Log of the sum of exp(score), (batch), nats, in the order of the chain.
    """

    chain: Chain
    log_partition: Tensor

    @abstractmethod
    def counts(self, weights: Tensor) -> Counts:
        """Compute the expected counts.

        Args:
            weights: Factor of the counts of each row, (batch), in the order of the chain.
        """

    def _counts(self, labels: Tensor, pairs: Tensor) -> Counts:
        last = self.chain.last(labels).sum(0)
        return Counts(labels=labels, pairs=pairs, starts=labels[0].sum(0), ends=last)


def compute_sums(chain: Chain) -> Sums:
    """Compute the log-partition function; minus infinity if a row has no label sequence."""
    scaled = _ScaledSums(chain)
    return scaled if scaled.is_exact else _LogSums(chain)


class _ScaledSums(Sums):
    """The recursion with probabilities, divided by their sum at each position.

    Attributes:
        is_exact: Whether no probability that can be more than zero was too small for the dtype.
    """

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        emissions = chain.emissions
        reachable = _reachable(chain)
        shifts = emissions.amax(-1)
        weights = (emissions - shifts[..., None]).exp_().mul_(reachable[:, None])
        transition_shift, self._factors = _exponentials(chain.transitions)
        start_shift, starts = _exponentials(chain.starts)
        end_shift, self._ends = _exponentials(chain.ends)
        self._forward = torch.zeros_like(weights)
        totals = torch.ones_like(weights[..., :1])
        self._sum_forward(starts, weights=weights, totals=totals)
        self._ratios = weights.div_(totals)
        self._end_totals = chain.last(self._forward) @ self._ends
        self.is_exact = self._check(reachable, totals)
        steps = torch.arange(len(totals), device=totals.device)[:, None] < chain.lengths
        self.log_partition = (
            (totals[..., 0].log() + shifts).masked_fill_(~steps, 0.0).sum(0)
            + self._end_totals.log()
            + transition_shift * (chain.lengths - 1)
            + (start_shift + end_shift)
        )

    def _sum_forward(self, starts: Tensor, *, weights: Tensor, totals: Tensor) -> None:
        """Compute the probability of each label given the emissions up to its position."""
        previous = starts.expand_as(weights[0])
        is_first = True
        for target, weight, total in zip(
            *map(self.chain.active, (self._forward, weights, totals)), strict=True
        ):
            if is_first:
                joint, is_first = previous * weight, False
            else:
                joint = torch.mm(previous[: len(target)], self._factors).mul_(weight)
            torch.sum(joint, 1, keepdim=True, out=total)
            previous = torch.div(joint, total, out=target)

    def _check(self, reachable: Tensor, totals: Tensor) -> bool:
        smallest = torch.finfo(totals.dtype).tiny * _HEADROOM
        steps = torch.arange(len(totals), device=totals.device)[:, None] < self.chain.lengths
        is_large = self._forward * totals >= smallest
        is_zero = ~(reachable[:, None] & steps[..., None])
        return bool((is_large | is_zero).all() & (self._end_totals >= smallest).all())

    def counts(self, weights: Tensor) -> Counts:
        chain = self.chain
        backward, pulled = torch.zeros_like(self._forward), torch.zeros_like(self._forward)
        rows = torch.arange(len(chain.lengths), device=backward.device)
        backward[chain.lengths - 1, rows] = self._ends / self._end_totals[:, None]
        factors = self._factors.T.contiguous()
        later = pulled[0, :0]
        views = zip(*map(chain.active, (backward, pulled, self._ratios)), strict=True)
        for target, pull, ratio in reversed(list(views)):
            torch.mm(later, factors, out=target[: len(later)])
            later = torch.mul(target, ratio, out=pull)
        weighted = self._forward * weights[:, None]
        pairs = weighted[:-1].flatten(0, 1).T @ pulled[1:].flatten(0, 1)
        return self._counts(weighted.mul_(backward), pairs.mul_(self._factors))


class _LogSums(Sums):
    """The recursion with logarithms, for scores of any size."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self._forward = torch.full_like(chain.emissions, -torch.inf)
        previous = chain.starts.expand_as(chain.emissions[0])
        is_first = True
        for target, emission in zip(
            *map(chain.active, (self._forward, chain.emissions)), strict=True
        ):
            if is_first:
                log_sums, is_first = previous, False
            else:
                scores = previous[: len(target), :, None] + chain.transitions
                log_sums = scores.logsumexp(1)
            previous = torch.add(log_sums, emission, out=target)
        self.log_partition = (chain.last(self._forward) + chain.ends).logsumexp(-1)

    def counts(self, weights: Tensor) -> Counts:
        chain = self.chain
        backward = torch.full_like(self._forward, -torch.inf)
        rows = torch.arange(len(chain.lengths), device=backward.device)
        backward[chain.lengths - 1, rows] = chain.ends
        pairs = torch.zeros_like(chain.transitions)
        views = zip(*map(chain.active, (backward, self._forward, chain.emissions)), strict=True)
        later = backward[0, :0]
        for target, forward, emission in reversed(list(views)):
            count = len(later)
            scores = chain.transitions + later[:, None]
            target[:count] = scores.logsumexp(2)
            log_probs = scores + (forward[:count] - self.log_partition[:count, None])[..., None]
            pairs += torch.einsum("b,bij->ij", weights[:count], log_probs.exp_())
            later = target + emission
        labels = (self._forward + backward - self.log_partition[:, None]).exp_()
        return self._counts(labels.mul_(weights[:, None]), pairs)


def _exponentials(scores: Tensor) -> tuple[Tensor, Tensor]:
    """Return the largest score, 0 if all are minus infinity, and exp(scores - largest)."""
    largest = scores.max().nan_to_num(neginf=0.0)
    return largest, (scores - largest).exp()


def _reachable(chain: Chain) -> Tensor:
    """Return whether each label can be at each position, (time, labels).

    Only the start and transition scores of minus infinity count.
    """
    is_allowed = chain.transitions > -torch.inf
    reachable = torch.empty_like(chain.emissions[:, 0], dtype=torch.bool)
    reachable[0] = chain.starts > -torch.inf
    for step in range(1, len(reachable)):
        following = (reachable[step - 1, :, None] & is_allowed).any(0)
        reachable[step] = following
        if torch.equal(following, reachable[step - 1]):
            reachable[step:] = following
            break
    return reachable

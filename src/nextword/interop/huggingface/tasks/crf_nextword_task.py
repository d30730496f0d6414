"""A linear-chain conditional random field for transformers.

nextword writes a copy of this file beside the weights. A *tag* is a label inside the field, such
as E-PER; a *label* is one of the data, such as I-PER. Which label a tag has may depend on the tag
before it.
"""

from typing import Any

import torch
from torch import Tensor, nn

from .configuration_nextword_task import NextwordTaskConfig

#: Labels with this id are not known.
IGNORED = -100


class LinearChainCrf(nn.Module):
    """Scores of tag sequences: scores of tags, plus scores of neighbouring tags.

    Args:
        config: The settings.
    """

    def __init__(self, config: NextwordTaskConfig) -> None:
        super().__init__()
        number = config.num_tags
        self.num_labels = config.num_labels
        self.pair_labels, self.end_tags = config.pair_labels, config.end_tags
        self.transitions = nn.Parameter(torch.zeros(number, number))
        self.starts = nn.Parameter(torch.zeros(number))
        self.ends = nn.Parameter(torch.zeros(number))

    def forward(self, emissions: Tensor, lengths: Tensor, *, kind: str) -> Tensor:
        """Return a logit of each label of each word, at most 0; (batch, time, labels).

        Args:
            emissions: Score of each tag of each word, (batch, time, tags).
            lengths: Number of words of each row, (batch), at least 1.
            kind: `best` or `marginal`; see `crf_logits` of the settings.
        """
        if kind not in ("best", "marginal"):
            raise ValueError(f"crf_logits is {kind!r}; it must be 'best' or 'marginal'")
        is_best = kind == "best"
        chain = _Chain(self, emissions, lengths)
        forward, total = chain.forward(is_best=is_best)
        backward = chain.backward(is_best=is_best)
        found = []
        for time in range(emissions.shape[1]):
            scores = chain.pairs(time, forward) + backward[time][:, None, :]
            groups = chain.labels[:-1] if time else chain.labels[-1:]
            found.append(_grouped(scores - total[:, None, None], groups, self.num_labels, is_best))
        logits = torch.stack(found, dim=1).to(emissions.dtype)
        mask = torch.arange(emissions.shape[1], device=lengths.device) < lengths[:, None]
        return logits.masked_fill(~mask[:, :, None], 0.0)

    def nll(self, emissions: Tensor, lengths: Tensor, *, labels: Tensor) -> Tensor:
        """Return the negative log-likelihood of labels, (batch), in nats.

        Args:
            emissions: Score of each tag of each word, (batch, time, tags).
            lengths: Number of words of each row, (batch), at least 1.
            labels: Id of the label of each word, (batch, time); -100 where it is not known.
        """
        chain = _Chain(self, emissions, lengths)
        return chain.forward()[1] - chain.forward(expected=labels)[1]


class _Chain:
    """The scores of a batch as (batch, before, tags) for each word, in float64 if there is one."""

    def __init__(self, crf: LinearChainCrf, emissions: Tensor, lengths: Tensor) -> None:
        device = emissions.device
        dtype = torch.float32 if device.type == "mps" else torch.float64
        number = emissions.shape[2]
        pairs: Any = crf.pair_labels or [list(range(number))] * (number + 1)
        #: Label of each tag after each tag; the last row is for the first word.
        self.labels = torch.tensor(pairs, device=device)
        allowed = self.labels >= 0
        is_end = torch.tensor(crf.end_tags or [1] * number, device=device) > 0
        transitions = crf.transitions.to(dtype).masked_fill(~allowed[:-1], -torch.inf)
        starts = crf.starts.to(dtype).masked_fill(~allowed[-1], -torch.inf)
        self.ends = crf.ends.to(dtype).masked_fill(~is_end, -torch.inf)
        self.emissions, self.lengths = emissions.to(dtype), lengths
        self._starts, self._transitions = starts, transitions

    def pairs(self, time: int, forward: list[Tensor], expected: Tensor | None = None) -> Tensor:
        """Return the score up to each tag of a word after each tag, (batch, before, tags)."""
        scores = self.emissions[:, time, None]
        groups = self.labels[:-1] if time else self.labels[-1:]
        if time:
            scores = scores + forward[time - 1][:, :, None] + self._transitions
        else:
            scores = scores + self._starts
        if expected is not None:
            wanted = expected[:, time, None, None]
            scores = scores.masked_fill((wanted != IGNORED) & (wanted != groups), -torch.inf)
        return scores

    def forward(
        self, *, is_best: bool = False, expected: Tensor | None = None
    ) -> tuple[list[Tensor], Tensor]:
        """Return the score of all beginnings that end in each tag, and that of all sequences."""
        found: list[Tensor] = []
        for time in range(self.emissions.shape[1]):
            scores = _reduced(self.pairs(time, found, expected), 1, is_best=is_best)
            if time:
                is_inside = (time < self.lengths)[:, None]
                scores = torch.where(is_inside, scores, found[-1])
            found.append(scores)
        return found, _reduced(found[-1] + self.ends, 1, is_best=is_best)

    def backward(self, *, is_best: bool) -> list[Tensor]:
        """Return the score of all continuations after each tag, without that of the tag."""
        number = self.emissions.shape[1]
        found = [self.ends.expand(len(self.lengths), -1)]
        for time in range(number - 2, -1, -1):
            later = (self.emissions[:, time + 1] + found[-1])[:, None, :] + self._transitions
            is_inside = (time + 1 < self.lengths)[:, None]
            scores = _reduced(later, 2, is_best=is_best)
            found.append(torch.where(is_inside, scores, self.ends))
        return found[::-1]


def _reduced(scores: Tensor, axis: int, *, is_best: bool) -> Tensor:
    if is_best:
        return scores.amax(axis)
    # The gradient of a sum of zeros only would be NaN.
    lowest = torch.finfo(scores.dtype).min
    return scores.clamp(min=lowest / 4).logsumexp(axis)


def _grouped(scores: Tensor, labels: Tensor, num_labels: int, is_best: bool) -> Tensor:
    """Return the largest or summed log-probability of each label, (batch, labels)."""
    lowest = torch.finfo(torch.float32).min
    index = labels.clamp(min=0).flatten().expand(len(scores), -1)
    flat = scores.flatten(1)
    if is_best:
        empty = torch.full((len(scores), num_labels), -torch.inf, device=flat.device).to(flat)
        found = empty.scatter_reduce(1, index, flat, "amax")
    else:
        empty = torch.zeros(len(scores), num_labels, device=flat.device).to(flat)
        found = empty.scatter_add(1, index, flat.exp()).log()
    return found.clamp(min=lowest)

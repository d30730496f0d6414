"""Answers that are spans of the passage: a first and a last word."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn

from nextword.tasks.reading.network.answers.contract import AnswerHead, FoundSpan
from nextword.tasks.reading.network.batch import ReadingBatch
from nextword.tasks.reading.network.hops import Attended, Encoded

#: Log-probability of each word of each passage.
WordLogProbs = Float[Tensor, "batch source"]


@dataclass(frozen=True, kw_only=True)
class SpanTargets:
    """The spans that are correct; a question may have several, such as every mention of a word.

    Attributes:
        first: First word of each span, (batch, spans).
        last: Last word of each span, (batch, spans).
        mask: True for spans, False for padding, (batch, spans).
    """

    first: Int64[Tensor, "batch spans"]
    last: Int64[Tensor, "batch spans"]
    mask: Bool[Tensor, "batch spans"]

    def to(self, device: torch.device) -> "SpanTargets":
        """Return the targets on a device."""
        return SpanTargets(
            first=self.first.to(device), last=self.last.to(device), mask=self.mask.to(device)
        )

    @classmethod
    def of(cls, spans: Sequence[Sequence[tuple[int, int]]]) -> "SpanTargets":
        """Return the targets of a batch.

        Args:
            spans: First and last word of each span of each question, at least one for each.
        """
        width = max(map(len, spans))
        table = torch.zeros(len(spans), width, 2, dtype=torch.int64)
        mask = torch.zeros(len(spans), width, dtype=torch.bool)
        for row, each in enumerate(spans):
            table[row, : len(each)] = torch.tensor(list(each))
            mask[row, : len(each)] = True
        return cls(first=table[:, :, 0], last=table[:, :, 1], mask=mask)


class SpanHead(AnswerHead):
    """Points to the first and the last word of the answer.

    log p(first, last) = log softmax_i(s · W_1 h[i]) at first + log softmax_i(s · W_2 h[i]) at last,
    where s is the state and h[i] are the vectors of the words. With several correct spans, their
    probabilities are added up.

    Args:
        size: Size of the state and of the vectors.
        max_words: Longest span that is found.

    Source: pointers [vinyals2015], bilinear as in [chen2017]; the sum over mentions [clark2018].
    """

    def __init__(self, size: int, *, max_words: int) -> None:
        super().__init__()
        self.max_words = max_words
        self.first = nn.Linear(size, size, bias=False)
        self.last = nn.Linear(size, size, bias=False)

    def forward(self, passage: Encoded, attended: Attended) -> tuple[WordLogProbs, WordLogProbs]:
        """Return the log-probabilities of first and last words, nats, (batch, source) each.

        Args:
            passage: The encoded passages.
            attended: What the hops found.
        """
        steps = torch.arange(passage.outputs.shape[1], device=passage.outputs.device)
        mask = steps < passage.lengths[:, None]
        found = []
        for query in (self.first, self.last):
            scores = torch.einsum("bsh,bh->bs", passage.outputs, query(attended.state))
            scores = scores.to(torch.promote_types(scores.dtype, torch.float32))
            scores = scores.masked_fill(~mask, float("-inf"))
            found.append(torch.log_softmax(scores, dim=1))
        return found[0], found[1]

    def loss(self, passage: Encoded, attended: Attended, *, batch: ReadingBatch) -> Tensor:
        """Return the negative log-likelihood of the answers; see `AnswerHead`."""
        targets = batch.answers
        assert isinstance(targets, SpanTargets)  # the data of this kind of answer
        first, last = self(passage, attended)
        log_probs = first.gather(1, targets.first) + last.gather(1, targets.last)
        log_probs = log_probs.masked_fill(~targets.mask, float("-inf"))
        return -torch.logsumexp(log_probs, dim=1).sum()

    def find(self, passage: Encoded, attended: Attended) -> list[FoundSpan]:
        """Return the most probable span of each passage, of those of at most `max_words` words.

        Args:
            passage: The encoded passages.
            attended: What the hops found.
        """
        first, last = self(passage, attended)
        best = torch.full((len(first),), float("-inf"), dtype=first.dtype, device=first.device)
        place = torch.zeros_like(best, dtype=torch.int64)
        length = torch.zeros_like(place)
        for extra in range(min(self.max_words, first.shape[1])):
            # Spans of extra + 1 words; the first of equal ones stays.
            log_probs = first[:, : first.shape[1] - extra] + last[:, extra:]
            highest, at = log_probs.max(dim=1)
            is_better = highest > best
            best = torch.where(is_better, highest, best)
            place = torch.where(is_better, at, place)
            length = torch.where(is_better, extra, length)
        return [
            FoundSpan(first=at, last=at + more, log_prob=log_prob)
            for at, more, log_prob in zip(
                place.tolist(), length.tolist(), best.tolist(), strict=True
            )
        ]

"""Answers that are picked from candidates: those of the question, or an answer vocabulary."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn

from nextword.tasks.encoding import SequenceEncoder, TokenBatch
from nextword.tasks.reading.network.answers.contract import AnswerHead, FoundCandidate
from nextword.tasks.reading.network.batch import ReadingBatch
from nextword.tasks.reading.network.hops import Attended, Encoded

_SMALLEST = 1e-30


@dataclass(frozen=True, kw_only=True)
class CandidateBatch:
    """The candidates of a batch.

    Attributes:
        texts: The words of the distinct candidates.
        rows: Row in `texts` of each candidate of each question, (batch, candidates).
        mask: True for candidates, False for padding, (batch, candidates).
        mentions: Question, candidate and word of the passage of each mention, (mentions, 3).
        is_correct: Whether each candidate is a reference, (batch, candidates); all False outside
            training.
    """

    texts: TokenBatch
    rows: Int64[Tensor, "batch candidates"]
    mask: Bool[Tensor, "batch candidates"]
    mentions: Int64[Tensor, "mentions 3"]
    is_correct: Bool[Tensor, "batch candidates"]

    def to(self, device: torch.device) -> "CandidateBatch":
        """Return the candidates on a device."""
        return CandidateBatch(
            texts=self.texts.to(device),
            rows=self.rows.to(device),
            mask=self.mask.to(device),
            mentions=self.mentions.to(device),
            is_correct=self.is_correct.to(device),
        )


class CandidateHead(AnswerHead):
    """Picks a candidate.

    The probability of candidate c is proportional to exp(s · W e[c]) + Σ_i exp(s · V h[i]), where s
    is the state, e[c] the mean embedding of the candidate's words, and the sum is over its mentions
    in the passage. So both a name that was never seen and an answer that is not in the passage can
    be picked.

    Args:
        encoder: The encoder of passages, whose embeddings are those of candidates. It is not a part
            of this module.
        size: Size of the state and of the vectors of the passage.
        label_smoothing: Share of the target distribution that is spread over all candidates.

    Source: the sum over mentions [kadlec2016].
    """

    def __init__(
        self, encoder: SequenceEncoder, *, size: int, label_smoothing: float = 0.0
    ) -> None:
        super().__init__()
        # Kept in a list, so that its parameters are not counted and stored twice.
        self._encoders = [encoder]
        self.embed = nn.Linear(encoder.input_size, size, bias=False)
        self.point = nn.Linear(size, size, bias=False)
        self.label_smoothing = label_smoothing

    def forward(
        self, passage: Encoded, attended: Attended, *, candidates: CandidateBatch
    ) -> Float[Tensor, "batch candidates"]:
        """Return the log-probability of each candidate, nats, (batch, candidates).

        Args:
            passage: The encoded passages.
            attended: What the hops found.
            candidates: The candidates.
        """
        vectors = self.embed(self._means(candidates.texts))
        scores = attended.state @ vectors.T
        scores = scores.to(torch.promote_types(scores.dtype, torch.float32))
        scores = scores.gather(1, candidates.rows).masked_fill(~candidates.mask, float("-inf"))
        pointed = torch.einsum("bsh,bh->bs", passage.outputs, self.point(attended.state))
        row, column, word = candidates.mentions.unbind(1)
        mentioned = pointed.to(scores.dtype)[row, word]
        highest = scores.detach().amax(dim=1)
        highest = highest.scatter_reduce(0, row, mentioned.detach(), "amax")
        total = torch.exp(scores - highest[:, None])
        places = row * scores.shape[1] + column
        weights = torch.exp(mentioned - highest[row])
        total = total.flatten().index_add(0, places, weights).view_as(scores)
        log_weights = torch.log(total.clamp_min(_SMALLEST)).masked_fill(
            ~candidates.mask, float("-inf")
        )
        return torch.log_softmax(log_weights, dim=1)

    def _means(self, texts: TokenBatch) -> Float[Tensor, "texts embedding"]:
        """Return the mean embedding of the words of each text."""
        embeddings = self._encoders[0].embed(texts)
        mask = texts.mask()[:, :, None].to(embeddings.dtype)
        means: Tensor = (embeddings * mask).sum(dim=1) / mask.sum(dim=1).clamp_min(1.0)
        return means

    def loss(self, passage: Encoded, attended: Attended, *, batch: ReadingBatch) -> Tensor:
        """Return the negative log-likelihood of the answers; see `AnswerHead`."""
        candidates = batch.answers
        assert isinstance(candidates, CandidateBatch)  # the data of this kind of answer
        log_probs = self(passage, attended, candidates=candidates)
        correct = log_probs.masked_fill(~candidates.is_correct, float("-inf"))
        nll = -torch.logsumexp(correct, dim=1)
        if self.label_smoothing > 0.0:
            spread = -log_probs.masked_fill(~candidates.mask, 0.0).sum(dim=1)
            spread = spread / candidates.mask.sum(dim=1)
            nll = (1.0 - self.label_smoothing) * nll + self.label_smoothing * spread
        return nll.sum()

    def find(
        self, passage: Encoded, attended: Attended, *, candidates: CandidateBatch
    ) -> list[FoundCandidate]:
        """Return the most probable candidate of each question.

        Args:
            passage: The encoded passages.
            attended: What the hops found.
            candidates: The candidates.
        """
        highest, at = self(passage, attended, candidates=candidates).max(dim=1)
        return [
            FoundCandidate(index=index, log_prob=log_prob)
            for index, log_prob in zip(at.tolist(), highest.tolist(), strict=True)
        ]

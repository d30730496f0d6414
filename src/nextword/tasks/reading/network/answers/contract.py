"""What the three kinds of answers have in common."""

from abc import abstractmethod
from dataclasses import dataclass

from torch import Tensor, nn

from nextword.tasks.reading.network.batch import ReadingBatch
from nextword.tasks.reading.network.hops import Attended, Encoded


class AnswerHead(nn.Module):
    """Finds answers from an encoded passage and the state after the last hop."""

    @abstractmethod
    def loss(self, passage: Encoded, attended: Attended, *, batch: ReadingBatch) -> Tensor:
        """Return the negative log-likelihood of the answers, summed over the batch, in nats.

        Args:
            passage: The encoded passages.
            attended: What the hops found.
            batch: The questions with their targets.
        """


@dataclass(frozen=True, kw_only=True)
class FoundSpan:
    """A span of words that was found as the answer.

    Attributes:
        first: Index of its first word.
        last: Index of its last word.
        log_prob: log p(first, last), nats.
    """

    first: int
    last: int
    log_prob: float


@dataclass(frozen=True, kw_only=True)
class FoundCandidate:
    """A candidate that was picked as the answer.

    Attributes:
        index: Its index among the candidates of the question.
        log_prob: Its log-probability, nats.
    """

    index: int
    log_prob: float

"""Batches of questions about passages, as tensors."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from nextword.tasks.encoding import TokenBatch

#: What each word of a question with its history is from.
NUM_SEGMENTS = 3
QUESTION, EARLIER_QUESTION, EARLIER_ANSWER = range(NUM_SEGMENTS)
#: Number of features of a passage's word: whether it is in the question, and in the history.
NUM_MATCHES = 2


@runtime_checkable
class OnDevice(Protocol):
    """What the answer of one kind needs of a batch."""

    def to(self, device: torch.device) -> "OnDevice":
        """Return it on a device."""


@dataclass(frozen=True, kw_only=True)
class ReadingBatch:
    """A batch of questions about passages.

    Attributes:
        passages: The words of the passages.
        questions: The words of the earlier turns, oldest first, and then those of the question.
        segments: What each word of a question is from: 0 is the question, 1 an earlier question, 2
            an earlier answer, (batch, time).
        matches: Whether each word of a passage is in the question, and in the history; 1 or 0,
            (batch, time, 2).
        sentences: Sentence of each word of a passage, from 0, (batch, time).
        answers: What answers of the kind need: candidates, and in training the targets; None for
            nothing.
        supporting: For each hop, 1 at the words of the passage that its attention is moved to;
            without any in a row that has no supporting sentences, (batch, hop, time). None outside
            training.
        target_ids: The target token id of each word of a passage, (batch, time); None unless words
            are copied.
    """

    passages: TokenBatch
    questions: TokenBatch
    segments: Int64[Tensor, "batch time"]
    matches: Float[Tensor, "batch source 2"]
    sentences: Int64[Tensor, "batch source"]
    answers: OnDevice | None = None
    supporting: Float[Tensor, "batch hop source"] | None = None
    target_ids: Int64[Tensor, "batch source"] | None = None

    def to(self, device: torch.device) -> "ReadingBatch":
        """Return the batch on a device."""
        return ReadingBatch(
            passages=self.passages.to(device),
            questions=self.questions.to(device),
            segments=self.segments.to(device),
            matches=self.matches.to(device),
            sentences=self.sentences.to(device),
            answers=None if self.answers is None else self.answers.to(device),
            supporting=None if self.supporting is None else self.supporting.to(device),
            target_ids=None if self.target_ids is None else self.target_ids.to(device),
        )

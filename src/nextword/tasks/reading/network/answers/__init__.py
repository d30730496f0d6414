"""The three kinds of answers: a span of the passage, a candidate, or a text that is written."""

from nextword.tasks.reading.network.answers.candidate import CandidateBatch, CandidateHead
from nextword.tasks.reading.network.answers.contract import AnswerHead, FoundCandidate, FoundSpan
from nextword.tasks.reading.network.answers.free import FreeHead
from nextword.tasks.reading.network.answers.span import SpanHead, SpanTargets

__all__ = [
    "AnswerHead",
    "CandidateBatch",
    "CandidateHead",
    "FoundCandidate",
    "FoundSpan",
    "FreeHead",
    "SpanHead",
    "SpanTargets",
]

"""N-best lists of recognizers, and their rescoring by language models."""

from nextword.interop.nbest.lists import Hypothesis, NbestLists, Utterance
from nextword.interop.nbest.model_scores import Member, ModelScores, score_hypotheses
from nextword.interop.nbest.reading import read_nbest, read_references
from nextword.interop.nbest.rescoring import (
    Models,
    RescoreReport,
    RescoreResult,
    Tuned,
    rescore_lists,
    tune,
)
from nextword.interop.nbest.tuning import Weights
from nextword.interop.nbest.word_errors import WordErrors
from nextword.interop.nbest.writing import require_new, write_nbest

__all__ = [
    "Hypothesis",
    "Member",
    "ModelScores",
    "Models",
    "NbestLists",
    "RescoreReport",
    "RescoreResult",
    "Tuned",
    "Utterance",
    "Weights",
    "WordErrors",
    "read_nbest",
    "read_references",
    "require_new",
    "rescore_lists",
    "score_hypotheses",
    "tune",
    "write_nbest",
]

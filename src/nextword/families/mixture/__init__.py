"""The mixture family: several models with equal tokenizers, interpolated."""

from nextword.families.mixture.config import MixtureConfig, MixtureMethod
from nextword.families.mixture.line_reset import LineResetModel, ngram_of, with_line_resets
from nextword.families.mixture.model import MemberScores, MixtureLanguageModel

__all__ = [
    "LineResetModel",
    "MemberScores",
    "MixtureConfig",
    "MixtureLanguageModel",
    "MixtureMethod",
    "ngram_of",
    "with_line_resets",
]

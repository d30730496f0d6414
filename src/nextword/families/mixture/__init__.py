"""The mixture family: several models with equal tokenizers, interpolated."""

from nextword.families.mixture.config import MixtureConfig, MixtureMethod
from nextword.families.mixture.model import MemberScores, MixtureLanguageModel

__all__ = ["MemberScores", "MixtureConfig", "MixtureLanguageModel", "MixtureMethod"]

"""Language modeling as a training objective: truncated BPTT, scheduled sampling, penalties."""

from nextword.training.language_modeling.bptt import TruncatedBptt
from nextword.training.language_modeling.objective import LanguageModelingObjective

__all__ = ["LanguageModelingObjective", "TruncatedBptt"]

"""Linear-chain conditional random fields. Knows nothing of words or of schemes."""

from nextword.tasks.tagging.crf.module import Constraints, LinearChainCrf, ScoredLabels

__all__ = ["Constraints", "LinearChainCrf", "ScoredLabels"]

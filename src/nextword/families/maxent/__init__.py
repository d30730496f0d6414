"""The maximum-entropy family: a recurrent network plus hashed n-gram features."""

from nextword.families.maxent.contexts import ContextLists
from nextword.families.maxent.features import MAX_ORDER, FeatureTable, SharedSlots
from nextword.families.maxent.model import MaxEntConfig, MaxEntLanguageModel

__all__ = [
    "MAX_ORDER",
    "ContextLists",
    "FeatureTable",
    "MaxEntConfig",
    "MaxEntLanguageModel",
    "SharedSlots",
]

"""N-gram features of a maximum-entropy model: looked up, hashed, and turned into scores."""

from nextword.maxent.contexts import ContextLists
from nextword.maxent.features import MAX_ORDER, FeatureTable, SharedSlots

__all__ = ["MAX_ORDER", "ContextLists", "FeatureTable", "SharedSlots"]

"""From hidden vectors to the distribution of the next token."""

from nextword.outputs.cross_entropy import cross_entropy
from nextword.outputs.full import FullSoftmax

__all__ = ["FullSoftmax", "cross_entropy"]

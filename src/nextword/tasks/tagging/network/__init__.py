"""The network of a tagger and its parts."""

from nextword.tasks.tagging.network.model import Emissions, TaggingModel
from nextword.tasks.tagging.network.parts import KIND, TaggerParts

__all__ = [
    "KIND",
    "Emissions",
    "TaggerParts",
    "TaggingModel",
]

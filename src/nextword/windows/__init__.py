"""Fixed windows of vectors to one vector a position. Knows nothing of words or losses."""

from nextword.windows.concatenated import ConcatenatedLayers
from nextword.windows.contract import WindowLayers
from nextword.windows.convolutional import ConvolutionalLayers, Pooling, pool_groups, pooled
from nextword.windows.unfold import side_by_side

__all__ = [
    "ConcatenatedLayers",
    "ConvolutionalLayers",
    "Pooling",
    "WindowLayers",
    "pool_groups",
    "pooled",
    "side_by_side",
]

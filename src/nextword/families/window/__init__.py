"""The families `window` and `convolutional`: models that see a fixed window of tokens."""

from nextword.families.window.contract import WindowLayers
from nextword.families.window.convolutional import (
    ConvolutionalConfig,
    ConvolutionalLayers,
    Pooling,
    pool_groups,
    pooled,
)
from nextword.families.window.feedforward import ConcatenatedLayers, WindowConfig
from nextword.families.window.model import WindowLanguageModel
from nextword.families.window.unfold import side_by_side

__all__ = [
    "ConcatenatedLayers",
    "ConvolutionalConfig",
    "ConvolutionalLayers",
    "Pooling",
    "WindowConfig",
    "WindowLanguageModel",
    "WindowLayers",
    "pool_groups",
    "pooled",
    "side_by_side",
]

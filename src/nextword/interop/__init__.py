"""Models and engines of other libraries. Each needs an extra, imported when used."""

from nextword.interop.huggingface import (
    HUGGINGFACE_PREFIX,
    HuggingFaceLanguageModel,
    HuggingFaceTokenizer,
    WindowedHuggingFaceModel,
    load_huggingface,
)
from nextword.interop.ray_data import ShardActor, ray_shards, require_ray

__all__ = [
    "HUGGINGFACE_PREFIX",
    "HuggingFaceLanguageModel",
    "HuggingFaceTokenizer",
    "ShardActor",
    "WindowedHuggingFaceModel",
    "load_huggingface",
    "ray_shards",
    "require_ray",
]

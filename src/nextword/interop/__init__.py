"""Models and engines of other libraries. Each needs an extra, imported when used.

A name is imported when it is first used: the folder `kenlm` does without torch.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nextword.interop.huggingface import (
        HUGGINGFACE_PREFIX,
        HuggingFaceLanguageModel,
        HuggingFaceTokenizer,
        WindowedHuggingFaceModel,
        load_huggingface,
        register_auto_classes,
    )
    from nextword.interop.ray_data import ShardActor, ray_shards, require_ray

_OF_RAY = ("ShardActor", "ray_shards", "require_ray")

__all__ = [
    "HUGGINGFACE_PREFIX",
    "HuggingFaceLanguageModel",
    "HuggingFaceTokenizer",
    "ShardActor",
    "WindowedHuggingFaceModel",
    "load_huggingface",
    "ray_shards",
    "register_auto_classes",
    "require_ray",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in __all__:
        raise AttributeError(f"module 'nextword.interop' has no attribute {name!r}")
    home = "ray_data" if name in _OF_RAY else "huggingface"
    return getattr(importlib.import_module(f"nextword.interop.{home}"), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return __all__

"""Models of other libraries as a `LanguageModel`. Each needs an extra, imported when used.

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

__all__ = [
    "HUGGINGFACE_PREFIX",
    "HuggingFaceLanguageModel",
    "HuggingFaceTokenizer",
    "WindowedHuggingFaceModel",
    "load_huggingface",
    "register_auto_classes",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in __all__:
        raise AttributeError(f"module 'nextword.interop' has no attribute {name!r}")
    return getattr(importlib.import_module("nextword.interop.huggingface"), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return __all__

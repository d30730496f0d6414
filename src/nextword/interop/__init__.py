"""Models of other programs behind our contract. Each needs its own extra, imported when used."""

from nextword.interop.huggingface import (
    HUGGINGFACE_PREFIX,
    HuggingFaceLanguageModel,
    HuggingFaceTokenizer,
    WindowedHuggingFaceModel,
    load_huggingface,
)

__all__ = [
    "HUGGINGFACE_PREFIX",
    "HuggingFaceLanguageModel",
    "HuggingFaceTokenizer",
    "WindowedHuggingFaceModel",
    "load_huggingface",
]

"""Models of other libraries as a `LanguageModel`. Each needs an extra, imported when used."""

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

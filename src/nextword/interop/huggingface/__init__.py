"""Causal language models of Hugging Face transformers as a `LanguageModel`."""

from nextword.interop.huggingface.loading import load_huggingface
from nextword.interop.huggingface.model import HuggingFaceLanguageModel
from nextword.interop.huggingface.reading import CausalModel
from nextword.interop.huggingface.recurrent import RecurrentHuggingFaceModel, is_recurrent
from nextword.interop.huggingface.registration import register_auto_classes
from nextword.interop.huggingface.tokenizer import HuggingFaceTokenizer
from nextword.interop.huggingface.windowed import WindowedHuggingFaceModel
from nextword.storage import HUGGINGFACE_PREFIX

__all__ = [
    "HUGGINGFACE_PREFIX",
    "CausalModel",
    "HuggingFaceLanguageModel",
    "HuggingFaceTokenizer",
    "RecurrentHuggingFaceModel",
    "WindowedHuggingFaceModel",
    "is_recurrent",
    "load_huggingface",
    "register_auto_classes",
]

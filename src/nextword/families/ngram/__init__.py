"""The n-gram family: estimation, the language model, and ARPA files."""

from nextword.families.ngram.arpa import ngram_from_arpa, ngram_to_arpa
from nextword.families.ngram.estimation import NgramConfig, estimate_ngram, train_ngram
from nextword.families.ngram.model import NgramLanguageModel, ngram_from_arrays

__all__ = [
    "NgramConfig",
    "NgramLanguageModel",
    "estimate_ngram",
    "ngram_from_arpa",
    "ngram_from_arrays",
    "ngram_to_arpa",
    "train_ngram",
]

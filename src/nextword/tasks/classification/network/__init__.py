"""The network of a classifier: pooling, n-grams, and gradual unfreezing."""

from nextword.tasks.classification.network.model import ClassificationModel, Targets, TextBatch
from nextword.tasks.classification.network.ngram_features import NgramBatch, NgramFeatures
from nextword.tasks.classification.network.ngrams import NgramHasher
from nextword.tasks.classification.network.unfreezing import GradualUnfreezing

__all__ = [
    "ClassificationModel",
    "GradualUnfreezing",
    "NgramBatch",
    "NgramFeatures",
    "NgramHasher",
    "Targets",
    "TextBatch",
]

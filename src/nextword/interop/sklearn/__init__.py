"""Estimators of scikit-learn: vectors of texts, a text classifier and a sequence tagger.

Needs the extra `sklearn`. Importing this package imports scikit-learn.
"""

from nextword.interop.sklearn.extra import require_sklearn
from nextword.interop.sklearn.sequence_tagger import SequenceTagger
from nextword.interop.sklearn.text_classifier import TextClassifier
from nextword.interop.sklearn.text_encoder import TextEncoder

__all__ = ["SequenceTagger", "TextClassifier", "TextEncoder", "require_sklearn"]

"""From words to vectors: vocabularies, batches, features of words, and recurrent layers."""

from nextword.tasks.encoding.batch import DistinctWords, ModelTokens, TokenBatch
from nextword.tasks.encoding.batcher import Batcher, SentenceRows, WordTable
from nextword.tasks.encoding.cache import WordVectorCache
from nextword.tasks.encoding.config import EncoderConfig
from nextword.tasks.encoding.encoder import SequenceEncoder, recurrent_layers
from nextword.tasks.encoding.parts import EncoderParts
from nextword.tasks.encoding.pretrained import (
    FeatureModel,
    FeatureSource,
    HuggingFaceFeatures,
    LanguageModelFeatures,
    ModelText,
    feature_model,
    load_feature_models,
)
from nextword.tasks.encoding.vectors import read_word_vectors, training_vocabulary
from nextword.tasks.encoding.vocabulary import (
    LabelVocabulary,
    TokenVocabulary,
    build_vocabulary,
)

__all__ = [
    "Batcher",
    "DistinctWords",
    "EncoderConfig",
    "EncoderParts",
    "FeatureModel",
    "FeatureSource",
    "HuggingFaceFeatures",
    "LabelVocabulary",
    "LanguageModelFeatures",
    "ModelText",
    "ModelTokens",
    "SentenceRows",
    "SequenceEncoder",
    "TokenBatch",
    "TokenVocabulary",
    "WordTable",
    "WordVectorCache",
    "build_vocabulary",
    "feature_model",
    "load_feature_models",
    "read_word_vectors",
    "recurrent_layers",
    "training_vocabulary",
]

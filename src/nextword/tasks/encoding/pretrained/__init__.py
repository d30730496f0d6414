"""Features of words from trained models: language models of ours and encoders of transformers."""

from nextword.tasks.encoding.pretrained.huggingface import HuggingFaceFeatures
from nextword.tasks.encoding.pretrained.language_model import LanguageModelFeatures
from nextword.tasks.encoding.pretrained.model_text import ModelText
from nextword.tasks.encoding.pretrained.models import (
    FeatureModel,
    FeatureSource,
    feature_model,
    from_stored,
    load_feature_models,
    stored_config,
)

__all__ = [
    "FeatureModel",
    "FeatureSource",
    "HuggingFaceFeatures",
    "LanguageModelFeatures",
    "ModelText",
    "feature_model",
    "from_stored",
    "load_feature_models",
    "stored_config",
]

"""Language models as parts of an encoder."""

import pytest

from nextword.base import ConfigError, encode
from nextword.tasks.encoding import (
    EncoderConfig,
    EncoderParts,
    build_vocabulary,
    load_feature_models,
)


def test_language_model_named_twice_is_refused() -> None:
    config = EncoderConfig(language_models=("lm", "other", "lm"))

    with pytest.raises(ConfigError, match="lm, other, lm, which names a model twice"):
        load_feature_models(config, located=str)


def test_stored_names_of_two_language_models_may_be_equal() -> None:
    config = EncoderConfig(language_models=("words/model", "characters/model"))
    parts = EncoderParts(config=config, vocabulary=build_vocabulary([["a"]], config))

    loaded = EncoderParts.from_stored(parts.to_config(), parts.to_vocabularies(), source="test")

    assert list(encode(loaded.config)["language_models"]) == ["model", "model"]

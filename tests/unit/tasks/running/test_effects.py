"""Settings of a task that would be ignored."""

from typing import Any

import pytest

from nextword.api.tasks import classification_config, tagging_config
from nextword.base import ConfigError

NOTHING_BETWEEN = {"input_dropout": 0.0, "output_dropout": 0.0}


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"optimizer": {"momentum": 0.9}}, "optimizer.momentum"),
        ({"optimizer": {"kind": "sgd", "beta1": 0.8}}, "optimizer.beta1"),
        ({"optimizer": {"table_learning_rate": 1.0}}, "optimizer.table_learning_rate"),
        ({"schedule": {"plateau_factor": 0.3}}, "schedule.plateau_factor"),
        ({"clipping": {"factor": 3.0}}, "clipping.factor"),
        ({"clipping": {"state_threshold": 1.0}}, "clipping.state_threshold"),
        ({"text": {"valid": ["b"], "valid_share": 0.2}}, "text.valid_share"),
        ({"encoder": {"nonlinearity": "relu"}}, "encoder.nonlinearity"),
        ({"encoder": {"cell": "gru", "forget_bias": 2.0}}, "encoder.forget_bias"),
        ({"encoder": {"layer_dropout": 0.5}}, "encoder.layer_dropout"),
        (
            {"encoder": {"characters": "none", "character_hidden_size": 30}},
            "encoder.character_hidden_size",
        ),
        (
            {"encoder": {"characters": "none", "character_embedding_size": 30}},
            "encoder.character_embedding_size",
        ),
        ({"encoder": {"add_words": 5}}, "encoder.add_words"),
        ({"encoder": {"freeze_vectors": True}}, "encoder.freeze_vectors"),
        ({"encoder": {"fine_tune": True}}, "encoder.fine_tune"),
        ({"encoder": {"subwords": "mean"}}, "encoder.subwords"),
        ({"encoder": {"min_count": 2, "unknown_probability": 0.1}}, "encoder.unknown_probability"),
        (
            {"encoder": {"word_embedding_size": 0, "unknown_probability": 0.1}},
            "encoder.unknown_probability",
        ),
        ({"encoder": {**NOTHING_BETWEEN, "locked": False}}, "encoder.locked"),
    ],
)
def test_tagging_setting_without_effect_is_refused(settings: dict[str, Any], name: str) -> None:
    with pytest.raises(ConfigError, match=rf"{name} is .*, which would change nothing") as caught:
        tagging_config("a", settings=[settings])

    assert caught.value.help == f"Leave {name} out."


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"classification": {"threshold": 0.4}}, "classification.threshold"),
        ({"ngrams": {"words": 0, "characters": 0, "table_size": 9}}, "ngrams.table_size"),
        (
            {"ngrams": {"words": 0, "characters": 0}, "optimizer": {"table_learning_rate": 1.0}},
            "optimizer.table_learning_rate",
        ),
    ],
)
def test_classification_setting_without_effect_is_refused(
    settings: dict[str, Any], name: str
) -> None:
    with pytest.raises(ConfigError, match=rf"{name} is .*, which would change nothing"):
        classification_config("a", settings=[settings])


@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": {"momentum": 0.0}},
        {"optimizer": {"kind": "sgd", "momentum": 0.9}},
        {"encoder": {"num_layers": 2, "layer_dropout": 0.5}},
        {"encoder": {"cell": "elman", "nonlinearity": "relu"}},
        {"encoder": {"vectors": "glove.txt", "add_words": 5, "freeze_vectors": True}},
        {"encoder": {"language_models": ["lm"], "fine_tune": True}},
        {"encoder": {"min_count": 2}},
        {"encoder": {**NOTHING_BETWEEN, "num_layers": 2, "locked": False}},
    ],
)
def test_tagging_setting_with_an_effect_is_accepted(settings: dict[str, Any]) -> None:
    tagging_config("a", settings=[settings])


def test_recipe_may_set_what_another_setting_leaves_without_effect() -> None:
    config = tagging_config("a", settings=[{"encoder": {"characters": "none"}}])

    assert config.encoder.character_hidden_size == 128

from typing import Any

import pytest

from nextword.base import ConfigError, decode, encode
from nextword.layers import EmbeddingConfig


@pytest.mark.parametrize("kind", ["trained", "one_hot"])
@pytest.mark.parametrize(("name", "value"), [("path", "a.vec"), ("frozen", True), ("add_words", 5)])
def test_embedding_config_file_settings_without_a_file_are_refused(
    kind: Any, name: str, value: Any
) -> None:
    with pytest.raises(ConfigError, match=rf"embedding\.{name} is .*, but embedding\.kind is"):
        EmbeddingConfig(kind=kind, **{name: value})


def test_embedding_config_negative_add_words_is_refused() -> None:
    with pytest.raises(ConfigError, match="add_words is -1; it must be at least 0"):
        EmbeddingConfig(kind="pretrained", add_words=-1)


def test_embedding_config_survives_encoding() -> None:
    config = EmbeddingConfig(kind="pretrained", path="a.vec", frozen=True, add_words=7)

    assert decode(EmbeddingConfig, encode(config), source="test") == config


def test_embedding_config_unknown_kind_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="kind is 'pretraind'") as refused:
        decode(EmbeddingConfig, {"kind": "pretraind"}, source="test")

    assert refused.value.help == "Did you mean 'pretrained'?"

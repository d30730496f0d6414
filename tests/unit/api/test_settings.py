"""Settings of training functions: keywords, dotted keys, texts and seeds by name."""

from pathlib import Path

import pytest

from nextword.api.settings import given_settings, keyword_settings
from nextword.base import ConfigError
from nextword.tasks.tagging import TaggingRunConfig
from nextword.training import RunConfig


def test_keyword_settings_that_several_sections_have_are_refused_with_the_candidates() -> None:
    with pytest.raises(ConfigError, match=r"could be clipping.kind or .* or tokenizer.kind"):
        keyword_settings({"kind": "bpe"}, kind=RunConfig)


def test_keyword_settings_that_do_not_exist_are_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="hiden_size=5 names no argument and no setting") as found:
        keyword_settings({"hiden_size": 5}, kind=RunConfig)

    assert "'hidden_size'" in found.value.help


def test_given_settings_come_in_the_order_of_their_precedence() -> None:
    layers = given_settings(
        [{"model.cell": "gru"}, {"training": {"epochs": 2}}],
        kind=TaggingRunConfig,
        keywords={"epochs": 3},
        valid="dev.conllu",
        test=[Path("test.conllu")],
        init="runs/lm",
        seed=5,
    )

    assert layers == [
        {"model": {"cell": "gru"}},
        {"training": {"epochs": 2}},
        {"training": {"epochs": 3}},
        {
            "text": {"valid": ["dev.conllu"], "test": ["test.conllu"], "init": "runs/lm"},
            "training": {"seed": 5},
        },
    ]


@pytest.mark.parametrize("settings", ["epochs=3", ["epochs=3"]])
def test_given_settings_that_are_no_dictionary_are_refused(settings: object) -> None:
    # The annotation is checked in tests, so the wrapped function is called.
    function = getattr(given_settings, "__wrapped__", given_settings)
    with pytest.raises(ConfigError, match="settings are of type str; a dictionary is expected"):
        function(settings, kind=RunConfig, keywords={}, valid=None, test=None, init=None, seed=None)

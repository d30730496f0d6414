"""Settings of the updates that belong to a cell, and those of a tokenizer."""

import logging
from typing import Any

import pytest

import nextword as nw


def config_of(recipe: str, *settings: dict[str, Any]) -> Any:
    return nw.run_config("a.txt", recipe=recipe, settings=settings)


def test_another_cell_brings_its_own_updates(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        config = config_of("lstm-small", {"model": {"cell": "elman"}})

    elman = config_of("elman")
    assert config.optimizer == elman.optimizer
    assert (config.schedule, config.averaging) == (elman.schedule, elman.averaging)
    assert config.clipping == elman.clipping
    assert config.model.hidden_size == 200
    assert "updates as in the recipe elman, with optimizer.kind=adamw" in caplog.text


@pytest.mark.parametrize(
    "given", [{"learning_rate": 2.0}, {"kind": "sgd"}, {"kind": "adamw", "learning_rate": 0.1}]
)
def test_an_optimizer_of_the_user_stays(given: dict[str, Any]) -> None:
    config = config_of("lstm-small", {"model": {"cell": "elman"}, "optimizer": given})

    expected = {"kind": "sgd", "learning_rate": 20.0} | given
    assert (config.optimizer.kind, config.optimizer.learning_rate) == tuple(expected.values())
    assert config.schedule == config_of("lstm-small").schedule


def test_a_single_setting_of_the_user_wins() -> None:
    config = config_of(
        "lstm-small", {"model": {"cell": "elman"}, "schedule": {"warmup_share": 0.3}}
    )

    assert (config.optimizer.kind, config.schedule.warmup_share) == ("adamw", 0.3)


@pytest.mark.parametrize(
    ("recipe", "cell"),
    [("lstm-small", "gru"), ("elman", "linear"), ("elman", "elman_preactivation")],
)
def test_a_related_cell_keeps_the_updates_of_the_recipe(recipe: str, cell: str) -> None:
    config = config_of(recipe, {"model": {"cell": cell}})

    assert config.optimizer == config_of(recipe).optimizer


def test_recipes_that_compare_cells_differ_only_in_the_cell() -> None:
    configs = [config_of(f"compare-{cell}") for cell in ("elman", "gru", "lstm")]

    assert {config.model.cell for config in configs} == {"elman", "gru", "lstm"}
    for section in ("training", "optimizer", "schedule", "clipping", "regularization", "output"):
        assert len({repr(getattr(config, section)) for config in configs}) == 1
    assert len({(c.model.hidden_size, c.model.num_layers) for c in configs}) == 1


def test_another_tokenizer_drops_the_vocabulary_size_of_the_recipe() -> None:
    config = config_of("demo", {"tokenizer": {"kind": "word"}})

    assert (config.tokenizer.kind, config.tokenizer.vocab_size) == ("word", None)
    own = config_of("demo", {"tokenizer": {"kind": "word", "vocab_size": 99}})
    assert own.tokenizer.vocab_size == 99

"""What stands before the first update: a model to start from, settings that need a text."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import nextword as nw
from fit_jobs import prepared, training_state
from nextword.base import ConfigError
from nextword.families import RecurrentConfig
from nextword.training import RunConfig
from nextword.training.preparation import prepare, start_of
from training_runs import train

Settings = Callable[..., dict[str, Any]]
pytestmark = pytest.mark.usefixtures("no_pictures")


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"schedule": {"kind": "plateau"}}, r"schedule\.kind is 'plateau', but there is no valid"),
        ({"evaluation": {"patience": 2}}, r"evaluation\.patience is 2, but there is no valid"),
    ],
)
def test_train_that_waits_for_validation_without_any_is_refused(
    sections: dict[str, Any],
    message: str,
    corpus_file: Path,
    tmp_path: Path,
    settings: Settings,
) -> None:
    values = settings(text={"split": [1.0, 0.0, 0.0]}, **sections)

    with pytest.raises(ConfigError, match=message):
        train(corpus_file, tmp_path / "run", values)

    assert not (tmp_path / "run").exists()


def test_train_from_a_model_keeps_its_vocabulary_and_weights(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    train(corpus_file, tmp_path / "first", settings())
    other = tmp_path / "other.txt"
    other.write_text("the cat likes zebras\n" * 60)
    values = settings(
        text={"init": str(tmp_path / "first")},
        model={"hidden_size": 99},
        training={"max_steps": 1},
        optimizer={"learning_rate": 1e-9},
    )

    train(other, tmp_path / "second", values)

    first, second = nw.load(tmp_path / "first"), nw.load(tmp_path / "second")
    assert second.tokenizer.fingerprint == first.tokenizer.fingerprint
    assert second.perplexity("a dog eats\n") == pytest.approx(first.perplexity("a dog eats\n"))


def config_of(text: Path, values: dict[str, Any]) -> RunConfig:
    return nw.run_config(str(text), recipe="lstm-small", settings=[values])


def test_start_of_a_run_without_a_model_leaves_the_settings(
    corpus_file: Path, settings: Settings
) -> None:
    config = config_of(corpus_file, settings())

    assert start_of(config).config is config


@pytest.mark.parametrize(("kind", "expected"), [("auto", "chunked"), ("full", "full")])
def test_start_of_a_run_takes_the_models_sizes_and_its_output_where_none_is_asked_for(
    kind: str, expected: str, corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    first = settings(output={"kind": "chunked"}, training={"max_steps": 1})
    train(corpus_file, tmp_path / "first", first)
    values = settings(
        text={"init": str(tmp_path / "first")},
        model={"hidden_size": 99, "num_layers": 1},
        output={"kind": kind},
    )

    config = start_of(config_of(corpus_file, values)).config

    assert isinstance(config.model, RecurrentConfig)
    assert (config.model.hidden_size, config.model.num_layers) == (12, 2)
    assert config.output.kind == expected
    assert config.training.bptt_steps == 7


def test_prepare_settles_the_output_that_suits_the_vocabulary(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    config = config_of(corpus_file, settings())

    ready = prepared(config, tmp_path / "tokens").ready

    assert (config.output.kind, ready.config.output.kind) == ("auto", "full")


def test_prepare_with_a_seed_makes_the_same_weights_twice(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    weights = [
        training_state(
            config_of(corpus_file, settings(training={"seed": seed})), tmp_path / "tokens"
        ).model.tensors()
        for seed in (3, 3, 4)
    ]

    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    assert not all(torch.equal(weights[0][name], weights[2][name]) for name in weights[0])


def test_prepare_with_both_waits_and_no_validation_names_both(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    values = settings(
        text={"split": [1.0, 0.0, 0.0]},
        schedule={"kind": "plateau"},
        evaluation={"patience": 3},
    )

    with pytest.raises(ConfigError, match=r"'plateau' and evaluation\.patience is 3, but there"):
        prepare(start_of(config_of(corpus_file, values)), tmp_path / "tokens")

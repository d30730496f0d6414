"""What stands before the first update: a model to start from, settings that need a text."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import nextword as nw
from nextword.base import ConfigError
from training_runs import train

Settings = Callable[..., dict[str, Any]]


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

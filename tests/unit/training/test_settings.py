"""Settings of a run that goes on, held against those it was started with."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import nextword as nw
from nextword.base import ConfigError, MismatchError
from training_runs import train

Settings = Callable[..., dict[str, Any]]


def test_resume_without_naming_text_or_recipe_takes_the_saved_settings(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    first = train(corpus_file, tmp_path / "run", settings(training={"epochs": 1}))

    second = nw.train(out=tmp_path / "run", settings={"training": {"epochs": 2}}, resume="auto")

    assert second.progress.step == 2 * first.progress.step


def test_resume_with_other_settings_is_refused(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    train(corpus_file, tmp_path / "run", settings())

    with pytest.raises(MismatchError, match=r"model\.hidden_size is 13, .*started with 12"):
        train(
            corpus_file,
            tmp_path / "run",
            settings(model={"hidden_size": 13}),
            resume="auto",
        )


def test_train_into_a_used_folder_is_refused(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("mine")

    with pytest.raises(ConfigError, match="not empty") as refused:
        train(corpus_file, tmp_path / "run", settings())

    assert "--resume auto" in refused.value.help

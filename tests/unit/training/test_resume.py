"""Settings of a run that goes on, held against those it was started with."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import nextword as nw
from nextword.base import ConfigError, MismatchError, decode, read_toml
from nextword.storage import RunFolder
from nextword.training import RunConfig, TextConfig, TrainingConfig
from nextword.training.resume import resumable_config
from training_runs import train

Settings = Callable[..., dict[str, Any]]
pytestmark = pytest.mark.usefixtures("no_pictures")


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


def test_resume_with_a_recipe_but_no_text_says_that_it_is_missing(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    train(corpus_file, tmp_path / "run", settings())

    with pytest.raises(MismatchError, match=r"text\.train is not given, but .* started with .*txt"):
        nw.train(out=tmp_path / "run", recipe="default", settings=settings(), resume="auto")


def test_train_into_a_used_folder_is_refused(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("mine")

    with pytest.raises(ConfigError, match="not empty") as refused:
        train(corpus_file, tmp_path / "run", settings())

    assert refused.value.help == "Choose another --out."


def settled(config: RunConfig, folder: Path, *, resume: str = "auto") -> RunFolder:
    run = RunFolder.create(folder)
    resumable_config(config, run, resume=resume)
    return run


def test_settle_writes_all_settings_down(tmp_path: Path) -> None:
    config = RunConfig(training=TrainingConfig(bptt_steps=9, seed=5))

    run = settled(config, tmp_path / "run", resume="never")

    values = read_toml(run.read_config(), source="config.toml")
    assert decode(RunConfig, values, source="config.toml") == config


@pytest.mark.parametrize(
    "values",
    [
        {"epochs": 99},
        {"max_steps": 99},
        {"max_minutes": 99.0},
        {"log_every": 99},
        {"checkpoint_every": 99},
    ],
    ids=str,
)
def test_settle_with_another_length_goes_on_and_writes_it_down(
    values: dict[str, Any], tmp_path: Path
) -> None:
    settled(RunConfig(), tmp_path / "run")

    run = settled(RunConfig(training=TrainingConfig(**values)), tmp_path / "run")

    [(name, value)] = values.items()
    assert read_toml(run.read_config(), source="config.toml")["training"][name] == value


@pytest.mark.parametrize("values", [{"bptt_steps": 36}, {"seed": 2}, {"batch_size": 21}], ids=str)
def test_settle_with_another_training_is_refused(values: dict[str, Any], tmp_path: Path) -> None:
    run = settled(RunConfig(), tmp_path / "run")
    before = run.read_config()
    [(name, value)] = values.items()

    with pytest.raises(MismatchError, match=rf"training\.{name} is {value}, but the run in"):
        settled(RunConfig(training=TrainingConfig(**values)), tmp_path / "run")

    assert run.read_config() == before


def test_settle_with_another_description_goes_on(tmp_path: Path) -> None:
    settled(RunConfig(description="one"), tmp_path / "run")

    settled(RunConfig(description="other"), tmp_path / "run")


def test_settle_shows_texts_as_they_were_given(tmp_path: Path) -> None:
    settled(RunConfig(text=TextConfig(train=("a.txt", "b.txt"))), tmp_path / "run")

    with pytest.raises(MismatchError, match=r"text\.train is c\.txt, .*started with a\.txt b\.txt"):
        settled(RunConfig(text=TextConfig(train=("c.txt",))), tmp_path / "run")


def test_settle_with_the_same_file_by_another_name_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settled(RunConfig(text=TextConfig(train=("a.txt",))), tmp_path / "run")

    absolute = RunConfig(text=TextConfig(train=(str(tmp_path / "a.txt"),)))
    run = settled(absolute, tmp_path / "run")

    assert read_toml(run.read_config(), source="config.toml")["text"]["train"] == ["a.txt"]


def test_settle_with_an_unknown_way_to_resume_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="resume is 'always'") as caught:
        settled(RunConfig(), tmp_path / "run", resume="always")

    assert caught.value.help == "Use auto, never, old-text."

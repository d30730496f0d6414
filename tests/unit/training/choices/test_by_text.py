"""Settings that follow the size of the training text."""

import logging
from pathlib import Path

import pytest

import nextword as nw
from nextword.training import RunConfig
from nextword.training.choices import BY_TEXT, choose_by_text, keep_chosen
from nextword.training.choices.by_text import choices_for


def chosen(num_tokens: int, **training: object) -> RunConfig:
    config = RunConfig(training={"by_text": BY_TEXT, **training})  # type: ignore[arg-type]
    return choose_by_text(config, num_tokens=num_tokens)


@pytest.mark.parametrize(
    ("num_tokens", "size", "epochs"),
    [(1, "small", 10), (270_000, "small", 9), (585_000, "middling", 4), (10**8, "large", 1)],
)
def test_choices_for_read_a_longer_text_fewer_times(
    num_tokens: int, size: str, epochs: int
) -> None:
    found, values = choices_for(num_tokens)

    assert (found, values["training.epochs"]) == (size, epochs)
    assert set(values) == set(BY_TEXT)


def test_choose_by_text_sets_the_named_settings_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        config = chosen(270_000)

    assert (config.training.batch_size, config.training.epochs) == (10, 9)
    assert config.regularization.output_dropout == 0.3
    assert config.training.by_text == ()
    assert "small text (270,000 tokens): training.batch_size=10, training.epochs=9" in caplog.text


def test_run_config_never_chooses_what_the_user_sets() -> None:
    given = [{"training": {"epochs": 2}}, {"regularization": {"output_dropout": 0.5}}]

    config = nw.run_config("a.txt", settings=given)

    assert config.training.by_text == ("training.batch_size", "regularization.input_dropout")
    config = choose_by_text(config, num_tokens=10**8)
    assert (config.training.epochs, config.training.batch_size) == (2, 32)
    assert config.regularization.output_dropout == 0.5


def test_keep_chosen_takes_the_values_of_the_run() -> None:
    config, saved = nw.run_config("a.txt"), chosen(10**8)

    kept = keep_chosen(config, saved)

    assert (kept.training.epochs, kept.training.batch_size) == (1, 32)
    assert kept.training.by_text == ()


def test_train_saves_the_chosen_settings_and_resumes(corpus_file: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    settings = {"training.max_steps": 2, "model.hidden_size": 8, "training.gradients_every": 0}

    nw.train(str(corpus_file), out=run, recipe="default", settings=settings)

    saved = (run / "config.toml").read_text(encoding="utf-8")
    assert "batch_size = 10\n" in saved
    assert "by_text = []" in saved
    again = nw.train(str(corpus_file), out=run, recipe="default", settings=settings, resume="auto")
    assert again.progress.step == 2

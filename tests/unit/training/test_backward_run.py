"""Training of backward models: equal to a forward model of a text whose lines are reversed."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import nextword as nw
from fakes import random_text
from nextword.base import ConfigError
from nextword.training.preparation import start_of
from training_runs import final_tensors, train

Settings = Callable[..., dict[str, Any]]
pytestmark = pytest.mark.usefixtures("no_pictures")
BACKWARD = {"min_count": 1, "direction": "backward"}
TEXT = random_text(80, num_words=9)


def write(folder: Path, text: str) -> Path:
    folder.mkdir()
    path = folder / "corpus.txt"
    path.write_text(text)
    return path


def with_reversed_words(text: str) -> str:
    return "".join(" ".join(reversed(line.split())) + "\n" for line in text.splitlines())


def with_reversed_characters(text: str) -> str:
    return "".join(line[::-1] + "\n" for line in text.splitlines())


@pytest.mark.parametrize(
    ("kind", "mirrored"), [("word", with_reversed_words), ("character", with_reversed_characters)]
)
def test_lstm_backward_equals_a_forward_one_of_reversed_lines(
    kind: str, mirrored: Callable[[str], str], tmp_path: Path, settings: Settings
) -> None:
    texts = {"backward": TEXT, "forward": mirrored(TEXT)}
    for direction, text in texts.items():
        path = write(tmp_path / direction, text)
        values = settings(
            tokenizer={"kind": kind, "direction": direction}, training={"max_steps": 12}
        )
        train(path, tmp_path / direction / "run", values)

    tensors = final_tensors(tmp_path / "backward" / "run")
    expected = final_tensors(tmp_path / "forward" / "run")
    assert [name for name in expected if not torch.equal(tensors[name], expected[name])] == []
    models = [nw.load(tmp_path / direction / "run") for direction in texts]
    losses = [m.evaluate(text=text).nll_sum for m, text in zip(models, texts.values(), strict=True)]
    assert losses[0] == losses[1]


def test_ngram_backward_equals_a_forward_one_of_reversed_lines(tmp_path: Path) -> None:
    texts = {"backward": TEXT, "forward": with_reversed_words(TEXT)}
    cards = []
    for direction, text in texts.items():
        values = {
            "tokenizer": {"min_count": 1, "direction": direction},
            "model": {"order": 3},
            "text": {"split": [1.0, 0.0, 0.0]},
        }
        path, run = write(tmp_path / direction, text), tmp_path / direction / "run"
        nw.train(str(path), out=run, recipe="ngram-5", settings=values)
        cards.append(nw.load(run).evaluate(text=text))

    assert cards[0].nll_sum == cards[1].nll_sum
    assert (cards[0].num_words, cards[0].num_characters) == (
        cards[1].num_words,
        cards[1].num_characters,
    )


def test_start_of_a_backward_run_from_a_forward_model_is_refused(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    train(corpus_file, tmp_path / "first", settings(training={"max_steps": 1}))
    values = {"text": {"init": str(tmp_path / "first")}}
    config = nw.run_config(str(corpus_file), recipe="lstm-small", settings=[values])
    # As from a recipe, whose settings may differ from those of the model.
    config = replace(config, tokenizer=replace(config.tokenizer, direction="backward"))

    with pytest.raises(ConfigError, match=r"tokenizer\.direction is 'backward', but .* forward"):
        start_of(config)


def test_train_from_a_backward_model_is_backward_and_says_so(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    first = settings(tokenizer=BACKWARD, training={"max_steps": 1})
    train(corpus_file, tmp_path / "first", first)
    values = settings(text={"init": str(tmp_path / "first")}, training={"max_steps": 1})
    del values["tokenizer"], values["model"]

    train(corpus_file, tmp_path / "second", values)

    model = nw.load(tmp_path / "second")
    assert model.tokenizer.is_backward
    assert model.config["tokenizer"]["direction"] == "backward"


def test_resume_of_a_run_saved_without_a_direction_is_forward(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> None:
    values = settings(training={"max_steps": 3})
    run = tmp_path / "run"
    train(corpus_file, run, values)
    saved = (run / "config.toml").read_text()
    (run / "config.toml").write_text(saved.replace('direction = "forward"\n', ""))
    assert "direction" not in (run / "config.toml").read_text()

    train(corpus_file, run, values, resume="auto")

    assert not nw.load(run).tokenizer.is_backward

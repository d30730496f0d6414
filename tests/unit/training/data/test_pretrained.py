"""Pretrained vectors in whole trainings, for every neural family."""

import gzip
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import nextword as nw
from nextword.base import ConfigError, DataError
from nextword.storage import load_model_folder
from vector_formats import FORMATS, Write, text

Settings = Callable[..., dict[str, Any]]
WORDS = ["the", "cat", "sees", "zebra", "</s>", "unicorn"]
VECTORS = np.random.default_rng(0).normal(size=(6, 12)).astype(np.float32)
FAMILIES: dict[str, dict[str, Any]] = {
    "recurrent": {"family": "recurrent", "cell": "lstm"},
    "window": {"family": "window", "window": 3},
    "convolutional": {"family": "convolutional", "window": 4, "kernel_size": 2},
}


@pytest.fixture
def vector_file(tmp_path: Path) -> Path:
    path = tmp_path / "words.vec"
    path.write_bytes(text(WORDS, VECTORS))
    return path


@pytest.fixture
def train(
    corpus_file: Path, tmp_path: Path, settings: Settings
) -> Callable[..., tuple[nw.Model, dict[str, Tensor]]]:
    """Train a family on a toy text; give the model and its weights."""

    def run(
        family: str = "window",
        *,
        out: str = "run",
        model: dict[str, Any] | None = None,
        **embedding: Any,
    ) -> tuple[nw.Model, dict[str, Tensor]]:
        values = settings(training={"epochs": 1}, optimizer={"weight_decay": 0.1})
        values["model"] = {**FAMILIES[family], "hidden_size": 12, **(model or {})}
        if "path" in embedding:
            embedding = {"kind": "pretrained", **embedding, "path": str(embedding["path"])}
        recipe = tmp_path / "recipe.toml"
        recipe.write_text("")
        nw.train(
            str(corpus_file),
            out=tmp_path / out,
            recipe=str(recipe),
            settings={**values, "embedding": embedding},
        )
        return nw.load(tmp_path / out), dict(load_model_folder(tmp_path / out / "model").tensors)

    return run


def row(model: nw.Model, tensors: dict[str, Tensor], word: str) -> Tensor:
    return tensors["embedding"][model.tokenizer.id_of(word)]


@pytest.mark.parametrize("family", FAMILIES)
def test_pretrained_frozen_vectors_stay_as_they_were_read(
    family: str, train: Any, vector_file: Path
) -> None:
    model, tensors = train(family, path=vector_file, frozen=True)

    for word, vector in zip(WORDS, VECTORS, strict=True):
        if word not in ("zebra", "unicorn"):
            assert torch.equal(row(model, tensors, word), torch.from_numpy(vector))
    assert model.tokenizer.encode("zebra").unknown.tolist() == [True]


@pytest.mark.parametrize("family", FAMILIES)
def test_pretrained_vectors_are_trained_on_from_where_they_stood(
    family: str, train: Any, vector_file: Path
) -> None:
    model, tensors = train(family, path=vector_file)

    moved = (row(model, tensors, "cat") - torch.from_numpy(VECTORS[1])).abs().max()
    assert 0 < moved < 0.5


@pytest.mark.parametrize("write", FORMATS)
def test_pretrained_every_format_gives_the_same_model(
    write: Write, train: Any, vector_file: Path, tmp_path: Path
) -> None:
    other = tmp_path / "vectors.bin"
    other.write_bytes(write(WORDS, VECTORS))

    _, expected = train(path=vector_file)
    _, tensors = train(out="other", path=other)

    assert all(torch.equal(tensors[name], expected[name]) for name in expected)


def test_pretrained_compressed_file_is_read(train: Any, tmp_path: Path) -> None:
    path = tmp_path / "words.vec.gz"
    path.write_bytes(gzip.compress(text(WORDS, VECTORS)))

    model, tensors = train(path=path, frozen=True)

    assert torch.equal(row(model, tensors, "cat"), torch.from_numpy(VECTORS[1]))


def test_pretrained_coverage_is_logged(
    train: Any, vector_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="nextword")

    model, _ = train(path=vector_file)

    size = model.tokenizer.vocab_size
    assert f"has vectors for 4 of the {size} tokens of the vocabulary" in caplog.text


def test_pretrained_few_hits_warn_with_the_cause(
    train: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "capitals.vec"
    path.write_bytes(text(["the", "CAT", "SEES"], VECTORS[:3]) + b"the 1\n")

    train(path=path)

    assert "in other capitals" in caplog.text
    assert "1 word is listed twice; the first vector is kept" in caplog.text


def test_pretrained_added_words_are_known_in_evaluation(train: Any, vector_file: Path) -> None:
    without, _ = train(path=vector_file, frozen=True)
    model, tensors = train(out="more", path=vector_file, frozen=True, add_words=1)

    assert model.tokenizer.vocab_size == without.tokenizer.vocab_size + 1
    assert torch.equal(row(model, tensors, "zebra"), torch.from_numpy(VECTORS[3]))
    assert without.tokenizer.encode("zebra").unknown.tolist() == [True]
    assert model.tokenizer.encode("zebra unicorn").unknown.tolist() == [False, True]
    assert np.isfinite(model.perplexity("the cat sees the zebra\n"))


def test_pretrained_added_words_and_source_are_said_on_the_card(
    train: Any, vector_file: Path
) -> None:
    model, _ = train(path=vector_file, add_words=2)

    assert "initialized from words.vec; its vocabulary includes up to 2 words" in model.card
    assert str(vector_file) not in model.card


def test_pretrained_model_loads_and_trains_on_without_the_file(
    train: Any, vector_file: Path, tmp_path: Path, corpus_file: Path, settings: Settings
) -> None:
    first, _ = train(path=vector_file, frozen=True, add_words=1)
    vector_file.unlink()

    result = nw.train(
        str(corpus_file),
        out=tmp_path / "second",
        settings={
            **{name: each for name, each in settings().items() if name != "model"},
            "text": {"init": str(tmp_path / "run")},
        },
    )

    again = nw.load(result.run)
    assert again.tokenizer.fingerprint == first.tokenizer.fingerprint
    assert again.language_model.family == "window"
    frozen = again.language_model.embedding
    assert torch.equal(frozen, first.language_model.embedding)
    assert not frozen.requires_grad


def test_pretrained_other_width_is_refused(train: Any, vector_file: Path) -> None:
    with pytest.raises(ConfigError, match=r"holds vectors of 12 numbers, but .* have 7") as refused:
        train(path=vector_file, model={"embedding_size": 7})

    assert "model.embedding_size=12" in refused.value.help


def test_pretrained_file_without_a_word_of_the_text_is_refused(train: Any, tmp_path: Path) -> None:
    path = tmp_path / "other.vec"
    path.write_bytes(text(["zebra", "unicorn"], VECTORS[:2]))

    with pytest.raises(DataError, match=r"has none of the .* tokens of the vocabulary"):
        train(path=path)


def test_pretrained_without_a_file_is_refused(train: Any) -> None:
    with pytest.raises(ConfigError, match=r"no file is named") as refused:
        train(kind="pretrained")

    assert "embedding.path=FILE" in refused.value.help


def test_pretrained_missing_file_is_refused_and_leaves_the_folder_empty(
    train: Any, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=r"none\.vec cannot be read: No such file"):
        train(path=tmp_path / "none.vec")

    assert not (tmp_path / "run" / "config.toml").exists()


@pytest.mark.parametrize("family", FAMILIES)
def test_one_hot_trains_every_family_without_a_table(family: str, train: Any) -> None:
    model, tensors = train(family, kind="one_hot", model={"tied": False})

    assert "embedding" not in tensors
    assert model.perplexity("the cat sees the book\n") > 1.0

"""Estimation from Python."""

from pathlib import Path

import pytest

import nextword as nw
from fakes import random_text
from nextword import kenlm
from nextword.base import ConfigError, DataError


def test_train_equals_the_recipe(tmp_path: Path) -> None:
    text = random_text(200, seed=1, num_words=30)
    (tmp_path / "text.txt").write_text(text, encoding="utf-8")
    settings = {"model": {"order": 3}, "tokenizer": {"min_count": 1, "closed": False}}
    nw.train(
        tmp_path / "text.txt",
        out=tmp_path / "run",
        recipe="ngram-5",
        settings=settings,
        valid=tmp_path / "text.txt",
        test=tmp_path / "text.txt",
    )

    model = kenlm.train(text.splitlines(), order=3, out=tmp_path / "model.arpa")

    assert model.order == 3
    expected = kenlm.Model(tmp_path / "run")
    for sentence in ("w0 w1 w2 w3", "w4 unheard", ""):
        assert model.score(sentence) == pytest.approx(expected.score(sentence), abs=1e-5)


def test_train_takes_orders_above_six_and_bytes(tmp_path: Path) -> None:
    sentences = [b"a b c d e f g h i", "a b c d e f g h j", "å  b\tc"]

    model = kenlm.train(sentences, order=8, out=tmp_path / "model.arpa")

    assert model.order == 8
    lengths = [row[1] for row in model.full_scores("a b c d e f g h i")]
    assert max(lengths) == 8
    assert "å" in model


def test_train_prunes(tmp_path: Path) -> None:
    sentences = random_text(200, seed=1, num_words=30).splitlines()
    whole = kenlm.train(sentences, order=3, out=tmp_path / "whole.arpa")

    pruned = kenlm.train(sentences, order=3, out=tmp_path / "pruned.arpa", prune=(0, 0, 1))

    sizes = [path.stat().st_size for path in (tmp_path / "pruned.arpa", tmp_path / "whole.arpa")]
    assert sizes[0] < sizes[1]
    assert pruned.order == whole.order


def test_train_refuses_what_it_cannot_count(tmp_path: Path) -> None:
    out = tmp_path / "model.arpa"
    out.write_text("mine", encoding="utf-8")

    with pytest.raises(ConfigError, match="exists already"):
        kenlm.train(["a b"], out=out)
    with pytest.raises(ConfigError, match="sentences is a single string"):
        kenlm.train("a b", out=tmp_path / "other.arpa")
    with pytest.raises(DataError):
        kenlm.train([], out=tmp_path / "other.arpa")
    with pytest.raises(DataError, match="<s>"):
        kenlm.train(["<s> a b"], order=2, out=tmp_path / "other.arpa")
    with pytest.raises(ConfigError, match="order"):
        kenlm.train(["a b"], order=0, out=tmp_path / "other.arpa")
    assert not (tmp_path / "other.arpa").exists()

"""The texts that a run leaves beside its model."""

import shutil
from pathlib import Path

import pytest

from fakes import random_text, tokenizer_of
from nextword.base import MismatchError
from nextword.evaluation.audit import texts_of_run
from nextword.text import Corpus, text_document
from nextword.tokens import build_store

TOKENIZER = tokenizer_of(random_text(9))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """What a run leaves, as far as it matters here."""
    (tmp_path / "model").mkdir()
    (tmp_path / "config.toml").write_text("[text]\n")
    for name in ("train", "valid"):
        document = text_document(random_text(9), name=name)
        corpus = Corpus(description=name, open_documents=lambda made=document: iter([made]))
        build_store(corpus, TOKENIZER, folder=tmp_path / "tokens" / name)
    return tmp_path


def test_texts_of_run_are_those_that_there_are(run: Path) -> None:
    texts = texts_of_run(run / "model", TOKENIZER)

    assert texts is not None
    assert list(texts.held_out) == ["valid"]
    assert texts.train.num_tokens == texts.held_out["valid"].num_tokens
    assert not texts.is_vocabulary_given


def test_texts_of_run_that_went_on_from_a_model_have_a_given_vocabulary(run: Path) -> None:
    (run / "config.toml").write_text('[text]\ninit = "runs/first"\n')

    texts = texts_of_run(run / "model", TOKENIZER)

    assert texts is not None
    assert texts.is_vocabulary_given


@pytest.mark.parametrize("name", ["tokens", "tokens/train"])
def test_texts_of_run_that_were_deleted_are_none(run: Path, name: str) -> None:
    shutil.rmtree(run / name)

    assert texts_of_run(run / "model", TOKENIZER) is None


def test_texts_of_run_of_a_folder_beside_the_model_are_none(run: Path) -> None:
    (run / "other").mkdir()

    assert texts_of_run(run / "other", TOKENIZER) is None


def test_texts_of_run_of_another_tokenizer_are_refused(run: Path) -> None:
    with pytest.raises(MismatchError, match="was made by another tokenizer"):
        texts_of_run(run / "model", tokenizer_of("other words\n"))

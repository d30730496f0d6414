from pathlib import Path

import pytest

import nextword as nw
from fakes import tokenizer_of, uniform_model
from nextword.api.texts import Texts, named_corpus, names_of
from nextword.base import ConfigError, DataError
from nextword.storage import StoredModel


@pytest.fixture(scope="module")
def model() -> nw.Model:
    tokenizer = tokenizer_of("a b c\n")
    stored = StoredModel(
        model=uniform_model(tokenizer.vocab_size),
        tokenizer=tokenizer,
        config={},
        card="",
        path=Path("uniform"),
    )
    return nw.Model(stored)


def content(texts: Texts | None, text: str | None) -> str:
    return "".join(named_corpus(texts, text).pieces())


def test_named_corpus_text_is_a_literal() -> None:
    assert content(None, "the old man") == "the old man"


def test_named_corpus_source_with_a_line_end_is_a_literal() -> None:
    assert content("the old man\n", None) == "the old man\n"


def test_named_corpus_source_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\n", encoding="utf-8")

    assert content(str(tmp_path / "a.txt"), None) == "one\n"


@pytest.mark.parametrize(("texts", "text"), [(None, None), ("a.txt", "the old man")])
def test_named_corpus_neither_or_both_is_refused(texts: str | None, text: str | None) -> None:
    with pytest.raises(ConfigError, match="text"):
        named_corpus(texts, text)


def test_named_corpus_missing_source_with_blanks_says_how_to_give_a_literal() -> None:
    with pytest.raises(DataError, match="there is no file") as caught:
        named_corpus("the old man", None)

    assert "text=" in caught.value.help


@pytest.mark.parametrize("call", ["score", "surprisal", "stream_scores", "stream_surprisals"])
def test_single_string_instead_of_lines_is_refused(call: str, model: nw.Model) -> None:
    with pytest.raises(ConfigError, match=r"lines is a single string") as caught:
        getattr(model, call)("My lord")

    assert caught.value.help == "Pass ['My lord']."


def test_names_can_be_paths(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("the old man\n", encoding="utf-8")

    assert names_of(path) == (str(path),)
    assert names_of([path, "b.txt"]) == (str(path), "b.txt")
    assert content(path, None) == "the old man\n"

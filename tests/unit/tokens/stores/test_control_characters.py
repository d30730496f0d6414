import logging

import pytest

from nextword.base import DataError
from nextword.text import Corpus, text_document
from nextword.tokens import TokenizerConfig, TokenizerKind, build_store, train_tokenizer
from nextword.tokens.stores.control_characters import ControlCharacters


def warnings_of(caplog: pytest.LogCaptureFixture, *documents: str) -> str:
    """Return the warnings for documents that are read in two pieces each."""
    controls = ControlCharacters()
    for number, text in enumerate(documents, start=1):
        controls.read(text[:3])
        controls.read(text[3:])
        controls.end_document(f"{number}.txt")
    with caplog.at_level(logging.WARNING):
        controls.warn()
    return caplog.text


@pytest.mark.parametrize("text", ["one\r\ntwo\r\n", "one\ntwo\n", "one", "one\r", ""])
def test_control_characters_ordinary_text_has_no_warning(
    text: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert warnings_of(caplog, text) == ""


def test_control_characters_nul_is_counted_and_named(caplog: pytest.LogCaptureFixture) -> None:
    assert "2.txt contains 3 NUL characters" in warnings_of(caplog, "one\n", "a\0b\0\0c\n", "two")


def test_control_characters_lines_that_end_with_cr_are_named(
    caplog: pytest.LogCaptureFixture,
) -> None:
    found = warnings_of(caplog, "one\rtwo\r", "one\n", "three\rfour\r")

    assert "1.txt (and 1 more) contains 2 carriage returns (CR) and no line feed" in found


def test_control_characters_byte_order_mark_inside_is_named(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert "1.txt contains 1 byte order marks" in warnings_of(caplog, "one\n\ufefftwo\n")


@pytest.mark.parametrize(("kind", "is_warned"), [("word", True), ("byte", False)])
def test_build_store_warns_of_nul_in_words_only(
    kind: TokenizerKind, is_warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    document = text_document("one two\0\0three\n" * 2, name="crashed.txt")
    corpus = Corpus(description="crashed.txt", open_documents=lambda: iter([document]))
    tokenizer = train_tokenizer(TokenizerConfig(kind=kind), ["one two three\n" * 2])

    build_store(corpus, tokenizer, folder=None)

    assert ("crashed.txt contains 4 NUL characters" in caplog.text) == is_warned


def test_build_store_of_empty_standard_input_names_it() -> None:
    corpus = Corpus(description="-", open_documents=lambda: iter([]))
    tokenizer = train_tokenizer(TokenizerConfig(), ["one two\n" * 2])

    with pytest.raises(DataError, match="standard input has no tokens"):
        build_store(corpus, tokenizer, folder=None)

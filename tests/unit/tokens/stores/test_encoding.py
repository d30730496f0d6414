"""Several processes encode as one does; the same for errors, and if one of them is killed."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from nextword.base import DataError, WorkerError
from nextword.text import Corpus, Document
from nextword.tokens import TokenizerConfig, TokenStore, build_store, train_tokenizer
from nextword.tokens.stores import encoding, store_builder
from nextword.tokens.stores.encoding import EncodedPart

TRAINING_TEXT = "the cat sat\nthe café 😀\n" * 2
WORDS = {
    "plain": TokenizerConfig(),
    "split and lower case": TokenizerConfig(split="words", lowercase=True),
    "backward": TokenizerConfig(direction="backward"),
}


def document(number: int, *pieces: str) -> Document:
    return Document(name=f"made {number}", open_pieces=lambda: iter(pieces))


def corpus_of(documents: list[Document]) -> Corpus:
    return Corpus(description="made", open_documents=lambda: iter(documents))


@pytest.fixture(autouse=True)
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "_GROUP_CHARACTERS", 40)


@pytest.fixture
def corpus() -> Corpus:
    """Many documents: without text, without a final newline, with unknown words and surrogates."""
    lines = ["the cat\n", "The zebra , sat\n", "café \udcff 😀\n", "the mat"]
    return corpus_of(
        [document(n, *lines[n % 5 : 4 - n % 2], *(["cat\n"] * (n % 2))) for n in range(40)]
    )


def assert_equal(store: TokenStore, expected: TokenStore) -> None:
    for name in ("ids", "unknown_positions", "document_starts"):
        np.testing.assert_array_equal(getattr(store, name), getattr(expected, name))
    assert store.counts == expected.counts
    assert store.text_sha256 == expected.text_sha256
    assert store.num_characters_lost == expected.num_characters_lost


@pytest.mark.parametrize("name", WORDS)
def test_processes_give_the_store_of_one(name: str, corpus: Corpus) -> None:
    tokenizer = train_tokenizer(WORDS[name], [TRAINING_TEXT])
    alone = build_store(corpus, tokenizer, folder=None, num_processes=1)

    assert_equal(build_store(corpus, tokenizer, folder=None, num_processes=3), alone)


def test_long_text_is_encoded_by_processes_after_its_beginning(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tokenizer = train_tokenizer(TokenizerConfig(), [TRAINING_TEXT])
    alone = build_store(corpus, tokenizer, folder=None)
    numbers: list[int] = []
    divided = encoding.map_in_processes

    def counted(*arguments: object, **options: object) -> object:
        numbers.append(options["num_processes"])  # type: ignore[arg-type]
        return divided(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(encoding, "map_in_processes", counted)
    monkeypatch.setattr(encoding, "ALONE_CHARACTERS", 100)
    monkeypatch.setattr(encoding, "available_processors", lambda: 2)

    assert_equal(build_store(corpus, tokenizer, folder=tmp_path), alone)
    assert numbers == [2]


@pytest.mark.parametrize("kind", ["character", "byte", "bpe"])
def test_other_kinds_are_encoded_in_this_process(
    kind: str, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "map_in_processes", None)
    config = TokenizerConfig(kind=kind, vocab_size=270 if kind == "bpe" else None)  # type: ignore[arg-type]
    tokenizer = train_tokenizer(config, [TRAINING_TEXT])

    store = build_store(corpus, tokenizer, folder=None, num_processes=3)

    assert store.num_tokens > 0


def unreadable(pieces: list[str]) -> Document:
    def read() -> Iterator[str]:
        yield from pieces
        raise DataError("cannot be read.")

    return Document(name="broken", open_pieces=read)


@pytest.mark.parametrize(
    ("documents", "message"),
    [
        (["the\n" * 30, "<s> the\n", "the\n" * 30], "made 0, line 31: the text contains '<s>'"),
        (["the\n" * 30, "the\n" * 30], "cannot be read"),
        (["the\n" * 30, "<s> the\n"], "made 0, line 31: the text contains '<s>'"),
    ],
    ids=["reserved symbol", "reading fails", "both: the first one"],
)
def test_processes_raise_the_error_of_one(documents: list[str], message: str) -> None:
    tokenizer = train_tokenizer(TokenizerConfig(), [TRAINING_TEXT])
    first = document(0, *documents)
    corpus = corpus_of([first, unreadable(["the\n"] * 30)])
    errors = []
    for number in (1, 3):
        with pytest.raises(DataError, match=message) as caught:
            build_store(corpus, tokenizer, folder=None, num_processes=number)
        errors.append((caught.value.message, caught.value.help))

    assert errors[0] == errors[1]


def test_killed_process_is_an_error_and_the_encoding_goes_on(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer = train_tokenizer(TokenizerConfig(), [TRAINING_TEXT])
    monkeypatch.setattr(store_builder, "MIN_KEPT_BYTES", 1)
    alone = build_store(corpus, tokenizer, folder=None, num_processes=1)
    monkeypatch.setattr(encoding, "_make_work", killed_work)

    with pytest.raises(WorkerError, match="ended with exit code -9"):
        build_store(corpus, tokenizer, folder=tmp_path / "store", num_processes=2)

    assert (tmp_path / "store" / "encoding" / "progress.json").exists()
    assert_equal(build_store(corpus, tokenizer, folder=tmp_path / "store"), alone)


def killed_work(tokenizer_json: str) -> Callable[[object], list[EncodedPart]]:
    """Encode the first group of this process, and kill the process in the second."""
    work = encoding._make_work(tokenizer_json)
    calls = 0

    def encode_once(messages: object) -> list[EncodedPart]:
        nonlocal calls
        calls += 1
        if calls == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return work(messages)

    return encode_once

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.base import DataError, FormatError
from nextword.text import Corpus, Document, text_document
from nextword.tokens import (
    TextCounts,
    Tokenizer,
    TokenizerConfig,
    TokenizerKind,
    build_store,
    count_text,
    text_sha256,
    train_tokenizer,
)

TRAINING_TEXT = "the cat sat\nthe café 😀\n" * 2
TOKENIZERS: dict[TokenizerKind, Tokenizer] = {
    "word": train_tokenizer(TokenizerConfig(), [TRAINING_TEXT]),
    "character": train_tokenizer(TokenizerConfig(kind="character"), [TRAINING_TEXT]),
    "byte": train_tokenizer(TokenizerConfig(kind="byte"), []),
    "bpe": train_tokenizer(TokenizerConfig(kind="bpe", vocab_size=270), [TRAINING_TEXT]),
}
KINDS = pytest.mark.parametrize("kind", TOKENIZERS)
TEXTS = st.lists(st.sampled_from(["the ", "cat", " ", "\n", "zebra ", "😀", "\udcff"])).map("".join)


def corpus_of(*texts: str) -> Corpus:
    """Make documents whose pieces are lines, to cut as finely as can be."""
    documents = [
        Document(name="made", open_pieces=lambda text=text: iter(re.findall(r".*\n|.+", text)))
        for text in texts
    ]
    return Corpus(description="made", open_documents=lambda: iter(documents))


@KINDS
@given(texts=st.lists(TEXTS, min_size=1))
def test_build_store_equals_direct_encoding(kind: TokenizerKind, texts: list[str]) -> None:
    tokenizer = TOKENIZERS[kind]
    missing = [kind == "word" and bool(text) and text[-1] != "\n" for text in texts]
    encodings = [
        tokenizer.encode(text + "\n" * add) for text, add in zip(texts, missing, strict=True)
    ]
    if not any(len(encoding.ids) for encoding in encodings):
        return

    store = build_store(corpus_of(*texts), tokenizer, folder=None)

    assert store.ids.tolist() == np.concatenate([e.ids for e in encodings]).tolist()
    unknown = np.concatenate([encoding.unknown for encoding in encodings])
    assert store.unknown_positions.tolist() == np.flatnonzero(unknown).tolist()
    assert np.diff(store.document_starts).tolist() == [len(e.ids) for e in encodings]
    assert store.num_characters == sum(map(len, texts))
    assert store.num_bytes == count_text("".join(texts)).num_bytes
    assert store.num_words == sum(count_text(text).num_words for text in texts) + sum(missing)


@pytest.mark.parametrize(
    ("kind", "counts", "num_tokens"),
    [
        ("word", TextCounts(num_words=3, num_characters=7, num_bytes=7), 3),
        ("byte", TextCounts(num_words=2, num_characters=7, num_bytes=7), 7),
    ],
)
def test_build_store_missing_last_newline_ends_a_line_of_words_only(
    kind: TokenizerKind, counts: TextCounts, num_tokens: int
) -> None:
    store = build_store(corpus_of("the cat"), TOKENIZERS[kind], folder=None)

    assert store.counts == counts
    assert store.num_tokens == num_tokens


@KINDS
def test_build_store_on_disk_equals_in_memory(kind: TokenizerKind, tmp_path: Path) -> None:
    corpus = corpus_of("the cat\nthe zebra", "the 😀\n")

    on_disk = build_store(corpus, TOKENIZERS[kind], folder=tmp_path / "deep" / "store")

    in_memory = build_store(corpus, TOKENIZERS[kind], folder=None)
    assert on_disk.ids.dtype == in_memory.ids.dtype
    assert on_disk.ids.tolist() == in_memory.ids.tolist()
    assert on_disk.document_starts.tolist() == in_memory.document_starts.tolist()
    assert on_disk.unknown_positions.tolist() == in_memory.unknown_positions.tolist()
    assert on_disk.num_unknown == in_memory.num_unknown
    assert on_disk.counts == in_memory.counts
    assert {path.name for path in (tmp_path / "deep" / "store").iterdir()} == {
        "ids.bin",
        "documents.npy",
        "unknown.npy",
        "store.json",
    }


def test_build_store_hash_is_of_the_bytes_of_the_text() -> None:
    data = b"caf\xe9 \xff\n"

    corpus = corpus_of(data.decode("utf-8", errors="surrogateescape"))

    store = build_store(corpus, TOKENIZERS["byte"], folder=None)
    assert store.text_sha256 == hashlib.sha256(data).hexdigest()


def test_build_store_replaces_an_older_store(tmp_path: Path) -> None:
    build_store(corpus_of("the cat sat\n" * 9), TOKENIZERS["word"], folder=tmp_path)

    store = build_store(corpus_of("the\n"), TOKENIZERS["byte"], folder=tmp_path)

    assert store.num_tokens == 4


def test_build_store_failing_text_leaves_no_finished_store(tmp_path: Path) -> None:
    build_store(corpus_of("the cat\n"), TOKENIZERS["word"], folder=tmp_path)
    broken = corpus_of("the cat\n", "\ud800\n")

    with pytest.raises(DataError, match=r"lone surrogate U\+D800"):
        build_store(broken, TOKENIZERS["word"], folder=tmp_path)

    assert not (tmp_path / "store.json").exists()
    assert not (tmp_path / "unknown.tmp").exists()


@KINDS
@pytest.mark.parametrize("texts", [(), ("",), ("", "")])
def test_build_store_of_nothing_is_refused(kind: TokenizerKind, texts: tuple[str, ...]) -> None:
    with pytest.raises(DataError, match="made has no tokens"):
        build_store(corpus_of(*texts), TOKENIZERS[kind], folder=None)


def test_build_store_reports_the_characters_encoded_so_far() -> None:
    seen: list[int] = []

    build_store(corpus_of("the\ncat\n"), TOKENIZERS["word"], folder=None, on_progress=seen.append)

    assert seen == [4, 8]


def test_build_store_long_line_with_separators_and_others_is_one_line() -> None:
    corpus = Corpus(
        description="made",
        open_documents=lambda: iter([text_document("the\x00\x01 " * 1_700_000, name="long")]),
    )

    store = build_store(corpus, TOKENIZERS["word"], folder=None)

    assert store.num_tokens == 3_400_001
    assert store.num_unknown == 1_700_000


def test_build_store_into_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "store").symlink_to(tmp_path / "target")

    with pytest.raises(FormatError, match=r"store is a link to .*target; tokens are not written"):
        build_store(corpus_of("the cat\n"), TOKENIZERS["word"], folder=tmp_path / "store")

    assert list((tmp_path / "target").iterdir()) == []


def test_build_store_replaces_links_and_leaves_what_they_name(tmp_path: Path) -> None:
    store = tmp_path / "store"
    store.mkdir()
    precious = tmp_path / "precious"
    precious.write_text("mine")
    for name in ("ids.bin", "documents.npy", "unknown.npy", "unknown.tmp"):
        (store / name).symlink_to(precious)

    build_store(corpus_of("the cat\n"), TOKENIZERS["word"], folder=store)

    assert precious.read_text() == "mine"


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_text_sha256_is_that_of_the_store(kind: TokenizerKind) -> None:
    corpus = corpus_of("the cat\n", "sat")

    assert text_sha256(corpus) == build_store(corpus, TOKENIZERS[kind], folder=None).text_sha256

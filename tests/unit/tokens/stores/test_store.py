import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nextword.base import DataError, FormatError, MismatchError
from nextword.text import Corpus, text_document
from nextword.tokens import (
    TokenizerConfig,
    TokenStore,
    build_store,
    open_store,
    require_trainable,
    train_tokenizer,
)
from nextword.tokens.stores.store import smallest_dtype

TEXTS = ("the cat sat\n\nthe zebra\n", "", "the cat\n")
TOKENIZER = train_tokenizer(TokenizerConfig(), ["the cat sat\n" * 2])


def corpus_of(*texts: str) -> Corpus:
    documents = [text_document(text, name="made") for text in texts]
    return Corpus(description="made", open_documents=lambda: iter(documents))


def store_of(*texts: str) -> TokenStore:
    return build_store(corpus_of(*texts), TOKENIZER, folder=None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    build_store(corpus_of(*TEXTS), TOKENIZER, folder=tmp_path / "store")
    return tmp_path / "store"


#: What a store says that was written before there were hashes.
FORMAT_1: dict[str, Any] = {"format_version": 1, "files": {}}


def change_description(folder: Path, **values: Any) -> None:
    path = folder / "store.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_open_store_gives_what_was_built(folder: Path) -> None:
    expected = store_of(*TEXTS)

    store = open_store(folder, tokenizer=TOKENIZER)

    assert isinstance(store.ids, np.memmap)
    assert store.ids.tolist() == expected.ids.tolist()
    assert store.document_starts.tolist() == [0, 8, 8, 11]
    assert store.unknown_positions.tolist() == [6]
    assert (store.counts, store.text_sha256) == (expected.counts, expected.text_sha256)


@pytest.mark.parametrize(
    ("reset", "expected"),
    [("never", [0, 11]), ("document", [0, 8, 11]), ("line", [0, 4, 5, 8, 11])],
)
def test_unit_starts_leave_empty_units_out(reset: Any, expected: list[int]) -> None:
    starts = store_of(*TEXTS).unit_starts(reset, TOKENIZER.line_end_ids)

    assert starts.dtype == np.int64
    assert starts.tolist() == expected


def test_unit_starts_lines_of_characters_end_with_the_document_too() -> None:
    tokenizer = train_tokenizer(TokenizerConfig(kind="character"), ["ab\n"])
    store = build_store(corpus_of("ab\na", "b\n\n"), tokenizer, folder=None)

    assert store.unit_starts("line", tokenizer.line_end_ids).tolist() == [0, 3, 4, 6, 7]


def test_unit_starts_lines_are_found_beyond_one_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = store_of(*TEXTS).unit_starts("line", TOKENIZER.line_end_ids)
    monkeypatch.setattr("nextword.tokens.stores.store._SCAN_TOKENS", 3)

    starts = store_of(*TEXTS).unit_starts("line", TOKENIZER.line_end_ids)

    assert starts.tolist() == expected.tolist()


def test_open_store_by_another_tokenizer_is_refused(folder: Path) -> None:
    other = train_tokenizer(TokenizerConfig(kind="byte"), [])

    with pytest.raises(MismatchError, match=f"another tokenizer .*not {other.fingerprint[:12]}"):
        open_store(folder, tokenizer=other)


@pytest.mark.parametrize("name", ["ids.bin", "documents.npy", "unknown.npy"])
def test_open_store_truncated_file_is_refused(folder: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[:-1])

    with pytest.raises(FormatError, match=rf"{name} is damaged"):
        open_store(folder, tokenizer=TOKENIZER)


@pytest.mark.parametrize("name", ["ids.bin", "documents.npy", "unknown.npy"])
def test_open_store_missing_file_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink()

    with pytest.raises(FormatError, match=rf"{name} is damaged"):
        open_store(folder, tokenizer=TOKENIZER)


def test_open_store_without_description_is_not_finished(tmp_path: Path) -> None:
    with pytest.raises(
        FormatError, match=r"is not a complete token store: store\.json cannot be read"
    ):
        open_store(tmp_path, tokenizer=TOKENIZER)


@pytest.mark.parametrize("content", ["{", "[" * 100_000])
def test_open_store_description_that_is_not_json_is_refused(folder: Path, content: str) -> None:
    (folder / "store.json").write_text(content)

    with pytest.raises(FormatError, match=r"store\.json is damaged: it is not JSON"):
        open_store(folder, tokenizer=TOKENIZER)


def test_open_store_of_newer_version_is_refused(folder: Path) -> None:
    change_description(folder, format_version=3)

    with pytest.raises(FormatError, match="format version 3; this version of nextword reads 2"):
        open_store(folder, tokenizer=TOKENIZER)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"num_tokens": -1}, "the value of 'num_tokens' is wrong"),
        ({"dtype": "object"}, "the value of 'dtype' is wrong"),
        ({"num_tokens": 12}, r"ids\.bin is damaged: it has 11 bytes, not 12"),
        ({"num_documents": 4}, r"documents\.npy is damaged: it does not contain 5 positions"),
        ({"num_unknown": 2}, r"unknown\.npy is damaged: it does not contain 2 positions"),
    ],
)
def test_open_store_description_that_contradicts_the_files_is_refused(
    folder: Path, values: dict[str, Any], message: str
) -> None:
    change_description(folder, **FORMAT_1, **values)

    with pytest.raises(FormatError, match=message):
        open_store(folder, tokenizer=TOKENIZER)


def test_open_store_description_that_is_no_object_is_refused(folder: Path) -> None:
    (folder / "store.json").write_text("[1]")

    with pytest.raises(FormatError, match="the value of 'the whole' is wrong"):
        open_store(folder, tokenizer=TOKENIZER)


@pytest.mark.parametrize(
    ("name", "positions", "message"),
    [
        ("documents.npy", [0, 9, 8, 11], "out of order"),
        ("documents.npy", [0, 8, 8, 10], "does not span the whole text"),
        ("documents.npy", [1, 8, 8, 11], "does not span the whole text"),
        ("unknown.npy", [11], "out of order"),
        ("unknown.npy", [-1], "out of order"),
    ],
)
def test_open_store_impossible_positions_are_refused(
    folder: Path, name: str, positions: list[int], message: str
) -> None:
    change_description(folder, **FORMAT_1)
    np.save(folder / name, np.array(positions, dtype=np.int64))

    with pytest.raises(FormatError, match=message):
        open_store(folder, tokenizer=TOKENIZER)


def test_open_store_pickled_array_is_refused(folder: Path) -> None:
    change_description(folder, **FORMAT_1)
    np.save(folder / "unknown.npy", np.array([{}], dtype=object), allow_pickle=True)

    with pytest.raises(FormatError, match="it is not an array"):
        open_store(folder, tokenizer=TOKENIZER)


def test_open_store_of_format_1_is_read(folder: Path) -> None:
    change_description(folder, **FORMAT_1)

    assert open_store(folder, tokenizer=TOKENIZER).ids_sha256 == ""


@pytest.mark.parametrize("name", ["ids.bin", "documents.npy", "unknown.npy"])
def test_open_store_changed_file_of_the_same_size_is_refused(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[-1] ^= 1
    (folder / name).write_bytes(content)
    os.utime(folder / name, ns=(0, 1))

    with pytest.raises(FormatError, match=rf"{name} is damaged: its SHA-256 is not the one"):
        open_store(folder, tokenizer=TOKENIZER)


def test_open_store_verify_finds_a_change_that_kept_size_and_time(folder: Path) -> None:
    path = folder / "ids.bin"
    status = path.stat()
    path.write_bytes(path.read_bytes()[::-1])
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    with pytest.raises(FormatError, match=r"ids\.bin is damaged: its SHA-256"):
        open_store(folder, tokenizer=TOKENIZER, verify=True)


def test_open_store_copied_with_another_time_is_read(folder: Path) -> None:
    os.utime(folder / "ids.bin", ns=(0, 1))

    assert open_store(folder, tokenizer=TOKENIZER).num_tokens == 11


def test_open_store_that_describes_too_few_files_is_refused(folder: Path) -> None:
    change_description(folder, files={})

    with pytest.raises(FormatError, match=r"store\.json is damaged: it does not describe ids\.bin"):
        open_store(folder, tokenizer=TOKENIZER)


def test_require_trainable_one_token_is_refused() -> None:
    byte = train_tokenizer(TokenizerConfig(kind="byte"), [])
    store = build_store(corpus_of("a"), byte, folder=None)

    with pytest.raises(DataError, match="too few tokens: 1, and at least 2 are needed"):
        require_trainable(store)


def test_require_trainable_two_tokens_are_enough() -> None:
    require_trainable(store_of("the\n"))


@pytest.mark.parametrize(
    ("vocab_size", "name"),
    [(5, "uint8"), (256, "uint8"), (257, "uint16"), (65_536, "uint16"), (65_537, "uint32")],
)
def test_smallest_dtype_holds_the_last_id(vocab_size: int, name: str) -> None:
    assert smallest_dtype(vocab_size).name == name

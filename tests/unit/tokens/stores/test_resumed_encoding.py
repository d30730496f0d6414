"""Encodings that are interrupted, killed or damaged end in the store of one that was not."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from nextword.base import DataError, DiskFullError
from nextword.text import Corpus, Document
from nextword.tokens import (
    RESETS,
    Tokenizer,
    TokenizerConfig,
    VocabularyTokenizer,
    build_store,
    kept_text_bytes,
    train_tokenizer,
)
from nextword.tokens.stores import draft, growing, store_builder

WORDS = train_tokenizer(TokenizerConfig(min_count=1), ["the cat sat\n"])
BYTES = train_tokenizer(TokenizerConfig(kind="byte"), [])
#: Documents as lists of pieces; the second one lacks a final newline.
DOCUMENTS = (
    ("the cat\n", "sat on\n", "the zebra\n"),
    ("the mat",),
    (),
    ("cat \udcff\n", "the\n"),
)
NUM_PIECES = 6


def corpus_of(documents: tuple[tuple[str, ...], ...] = DOCUMENTS) -> Corpus:
    made = [
        Document(name=f"made {number}", open_pieces=lambda pieces=pieces: iter(pieces))
        for number, pieces in enumerate(documents)
    ]
    return Corpus(description="made", open_documents=lambda: iter(made))


@pytest.fixture(autouse=True)
def every_part_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_builder, "MIN_KEPT_BYTES", 1)
    monkeypatch.setattr(store_builder, "COMMIT_BYTES", 1)


def stop_after(
    number: int, error: type[BaseException] = KeyboardInterrupt
) -> Callable[[int], None]:
    calls = 0

    def stop(done: int) -> None:
        nonlocal calls
        calls += 1
        if calls == number:
            raise KeyboardInterrupt

    return stop


def interrupted(folder: Path, tokenizer: Tokenizer = WORDS, *, number: int = 4) -> None:
    with pytest.raises(KeyboardInterrupt):
        build_store(corpus_of(), tokenizer, folder=folder, on_progress=stop_after(number))


def contents(folder: Path) -> dict[str, object]:
    """The bytes of each file of a store, and its description without times."""
    found: dict[str, object] = {
        path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".json"
    }
    description = json.loads((folder / "store.json").read_text())
    for each in description["files"].values():
        del each["modified_ns"]
    return found | {"store.json": description}


def assert_equal_stores(folder: Path, whole: Path, tokenizer: Tokenizer = WORDS) -> None:
    build_store(corpus_of(), tokenizer, folder=whole)
    assert contents(folder) == contents(whole)


class CountingTokenizer(VocabularyTokenizer):
    """Counts what it encodes."""

    num_encoded = 0

    def encode(self, text: str) -> object:  # type: ignore[override]
        self.num_encoded += 1
        return super().encode(text)


@pytest.mark.parametrize("tokenizer", [WORDS, BYTES], ids=["word", "byte"])
@pytest.mark.parametrize("number", range(1, NUM_PIECES + 1))
def test_interrupted_encoding_goes_on_to_the_same_store(
    number: int, tokenizer: VocabularyTokenizer, tmp_path: Path
) -> None:
    interrupted(tmp_path / "store", tokenizer, number=number)
    counting = CountingTokenizer.from_json(tokenizer.to_json())
    assert isinstance(counting, CountingTokenizer)

    build_store(corpus_of(), counting, folder=tmp_path / "store")

    num_added = int(tokenizer is WORDS and number < 5)
    assert counting.num_encoded == NUM_PIECES - number + num_added
    assert_equal_stores(tmp_path / "store", tmp_path / "whole", tokenizer)


def test_encoding_killed_after_its_last_record_goes_on(tmp_path: Path) -> None:
    interrupted(tmp_path / "store")
    for name in ("ids.bin", "unknown.bin", "documents.bin"):
        with (tmp_path / "store" / "encoding" / name).open("ab") as file:
            file.write(b"not recorded")

    build_store(corpus_of(), WORDS, folder=tmp_path / "store")

    assert_equal_stores(tmp_path / "store", tmp_path / "whole")


def test_interrupted_encoding_tells_how_much_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(tmp_path / "train", number=2)
    build_store(corpus_of((("the\n",),)), WORDS, folder=tmp_path / "valid")

    assert kept_text_bytes(tmp_path) == len("the cat\nsat on\n") + len("the\n")
    monkeypatch.setattr(store_builder, "MIN_KEPT_BYTES", 100)
    assert kept_text_bytes(tmp_path) == 0


def test_short_encoding_that_is_interrupted_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_builder, "MIN_KEPT_BYTES", 1 << 26)
    monkeypatch.setattr(store_builder, "COMMIT_BYTES", 1 << 28)

    interrupted(tmp_path / "store")

    assert list((tmp_path / "store").iterdir()) == []


def test_encoding_of_a_bad_text_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="lone surrogate"):
        build_store(corpus_of((("the\n", "cat\n", "\ud800\n"),)), WORDS, folder=tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_encoding_on_a_full_disk_goes_on_from_its_last_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits = 0
    commit = draft.Draft.commit

    def commit_until_full(self: draft.Draft) -> None:
        nonlocal commits
        commits += 1
        if commits > 2:
            raise OSError(28, "No space left on device")
        commit(self)

    with monkeypatch.context() as patch:
        patch.setattr(draft.Draft, "commit", commit_until_full)
        with pytest.raises(DiskFullError):
            build_store(corpus_of(), WORDS, folder=tmp_path / "store")

    assert kept_text_bytes(tmp_path) == len("the cat\nsat on\n")
    build_store(corpus_of(), WORDS, folder=tmp_path / "store")
    assert_equal_stores(tmp_path / "store", tmp_path / "whole")


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def rewrite(path: Path, **values: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.mark.parametrize(
    "damage",
    [
        lambda place: flip(place / "ids.bin"),
        lambda place: flip(place / "unknown.bin"),
        lambda place: flip(place / "documents.bin"),
        lambda place: (place / "ids.bin").write_bytes(b"\0"),
        lambda place: (place / "unknown.bin").unlink(),
        lambda place: (place / "progress.json").write_text("[" * 100_000),
        lambda place: (place / "progress.json").write_bytes(b"\xff"),
        lambda place: rewrite(place / "progress.json", format_version=2),
        lambda place: rewrite(place / "progress.json", num_tokens=-1),
        lambda place: rewrite(place / "progress.json", arrays={}),
        lambda place: rewrite(place / "progress.json", tokenizer_fingerprint="other"),
    ],
)
def test_damaged_draft_is_encoded_from_the_start(
    damage: Callable[[Path], object], tmp_path: Path
) -> None:
    interrupted(tmp_path / "store", number=6)
    damage(tmp_path / "store" / "encoding")

    build_store(corpus_of(), WORDS, folder=tmp_path / "store")

    assert_equal_stores(tmp_path / "store", tmp_path / "whole")


@pytest.mark.parametrize(
    "other",
    [
        (("the CAT\n", *DOCUMENTS[0][1:]), *DOCUMENTS[1:]),
        (("the cat\nsat on\n", "the zebra\n"), *DOCUMENTS[1:]),
        (DOCUMENTS[0][:2], ("the zebra\n",), *DOCUMENTS[1:]),
        (("the\n",),),
    ],
    ids=["changed", "other pieces", "other documents", "shorter"],
)
def test_draft_of_another_text_is_encoded_from_the_start(
    other: tuple[tuple[str, ...], ...], tmp_path: Path
) -> None:
    number = sum(map(len, other))
    with pytest.raises(KeyboardInterrupt):
        build_store(
            corpus_of(other), WORDS, folder=tmp_path / "store", on_progress=stop_after(number)
        )

    build_store(corpus_of(), WORDS, folder=tmp_path / "store")

    assert_equal_stores(tmp_path / "store", tmp_path / "whole")


@pytest.mark.parametrize("name", ["ids.bin", "unknown.bin", "documents.bin", "progress.json"])
def test_link_in_a_draft_is_not_followed(name: str, tmp_path: Path) -> None:
    interrupted(tmp_path / "store", number=6)
    path = tmp_path / "store" / "encoding" / name
    precious = tmp_path / "precious"
    shutil.copy(path, precious)
    with precious.open("ab") as file:
        file.write(b"mine")
    before = precious.read_bytes()
    path.unlink()
    path.symlink_to(precious)

    build_store(corpus_of(), WORDS, folder=tmp_path / "store")

    assert precious.read_bytes() == before
    assert_equal_stores(tmp_path / "store", tmp_path / "whole")


def test_draft_that_is_a_link_is_removed_and_its_target_is_left(tmp_path: Path) -> None:
    interrupted(tmp_path / "store", number=6)
    (tmp_path / "store" / "encoding").rename(tmp_path / "elsewhere")
    (tmp_path / "store" / "encoding").symlink_to(tmp_path / "elsewhere")
    before = {path: path.read_bytes() for path in (tmp_path / "elsewhere").iterdir()}

    build_store(corpus_of(), WORDS, folder=tmp_path / "store")

    assert {path: path.read_bytes() for path in before} == before
    assert_equal_stores(tmp_path / "store", tmp_path / "whole")


@pytest.mark.parametrize("limit", [1, 8, 24])
def test_arrays_that_are_moved_to_a_file_are_the_same(
    limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = build_store(corpus_of(), WORDS, folder=None)
    monkeypatch.setattr(growing, "MAX_BYTES_IN_MEMORY", limit)

    store = build_store(corpus_of(), WORDS, folder=None)

    assert store.ids.tolist() == expected.ids.tolist()
    assert store.unknown_positions.tolist() == expected.unknown_positions.tolist()
    assert store.document_starts.tolist() == expected.document_starts.tolist()
    for reset in RESETS:
        starts = store.unit_starts(reset, WORDS.line_end_ids)
        assert starts.tolist() == expected.unit_starts(reset, WORDS.line_end_ids).tolist()

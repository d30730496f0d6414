import bz2
import errno
import gzip
import lzma
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard

from arpa_files import ARPA
from fakes import random_text, store_of, tokenizer_of, uniform_model
from nextword.base import CheckpointError, ConfigError, FormatError
from nextword.families import NgramConfig, NgramLanguageModel, train_ngram
from nextword.storage import read_arpa_file, write_arpa_file
from nextword.tokens import Tokenizer

TEXT = random_text(200, seed=3)
TOKENIZER = tokenizer_of(TEXT)


@pytest.fixture(scope="module")
def model() -> NgramLanguageModel:
    return train_ngram(store_of(TOKENIZER, TEXT), TOKENIZER, config=NgramConfig(order=3))


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


def fingerprints(found: tuple[NgramLanguageModel, Tokenizer]) -> tuple[str, str]:
    return found[0].fingerprint(), found[1].fingerprint


@pytest.mark.parametrize("name", ["model.arpa", "model.arpa.gz", "new/folder/MODEL.ARPA.GZ"])
def test_arpa_file_round_trip_loses_nothing(
    name: str, model: NgramLanguageModel, tmp_path: Path
) -> None:
    path = tmp_path / name

    write_arpa_file(path, model, tokenizer=TOKENIZER)

    assert fingerprints(read_arpa_file(path)) == fingerprints((model, TOKENIZER))
    assert (path.read_bytes()[:2] == b"\x1f\x8b") == name.lower().endswith(".gz")


def test_write_arpa_file_same_model_gives_the_same_bytes(
    model: NgramLanguageModel, tmp_path: Path
) -> None:
    paths = [tmp_path / "one.arpa.gz", tmp_path / "other.arpa.gz"]
    for path in paths:
        write_arpa_file(path, model, tokenizer=TOKENIZER)

    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_write_arpa_file_existing_file_is_left_alone(
    model: NgramLanguageModel, tmp_path: Path
) -> None:
    path = tmp_path / "model.arpa"
    path.write_text("mine")

    with pytest.raises(CheckpointError, match=r"model\.arpa exists already; it is not replaced"):
        write_arpa_file(path, model, tokenizer=TOKENIZER)

    assert path.read_text() == "mine"


def test_write_arpa_file_other_family_makes_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="of the family constant"):
        write_arpa_file(
            tmp_path / "new" / "m.arpa", uniform_model(30), tokenizer=tokenizer_of("a\n")
        )

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["model.arpa", "model.arpa.gz"])
def test_write_arpa_file_full_disk_leaves_nothing(
    name: str, model: NgramLanguageModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaking(*_: object) -> Iterator[str]:
        yield "\\data\\\n"
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("nextword.storage.arpa_file.ngram_to_arpa", breaking)

    with pytest.raises(CheckpointError, match=r"the disk is full: .*arpa"):
        write_arpa_file(tmp_path / name, model, tokenizer=TOKENIZER)

    assert not list(tmp_path.iterdir())


def test_arpa_file_progress_is_told_in_lines(model: NgramLanguageModel, tmp_path: Path) -> None:
    path = tmp_path / "model.arpa"
    written: list[int] = []
    read: list[int] = []

    write_arpa_file(path, model, tokenizer=TOKENIZER, on_progress=written.append)
    path.write_bytes(b"\n" * 40_000 + path.read_bytes())
    read_arpa_file(path, on_progress=read.append)

    assert written == sorted(written)
    assert written[-1] == path.read_bytes().count(b"\n") - 40_000
    assert len(read) == 1


def test_read_arpa_file_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"there is no file .*missing\.arpa"):
        read_arpa_file(tmp_path / "missing.arpa")


@pytest.mark.parametrize("kept", [0, 1, 15, 200, -20, -1])
def test_read_arpa_file_truncated_gzip_names_the_line(
    kept: int, model: NgramLanguageModel, tmp_path: Path
) -> None:
    path = tmp_path / "model.arpa.gz"
    write_arpa_file(path, model, tokenizer=TOKENIZER)
    path.write_bytes(path.read_bytes()[:kept])

    with pytest.raises(FormatError, match=re.escape(f"{path}, line ") + r"[\d,]+: "):
        read_arpa_file(path)


def test_read_arpa_file_damaged_gzip_is_refused(model: NgramLanguageModel, tmp_path: Path) -> None:
    path = tmp_path / "model.arpa.gz"
    write_arpa_file(path, model, tokenizer=TOKENIZER)
    data = bytearray(path.read_bytes())
    for place in range(30, len(data), len(data) // 50):
        data[place] ^= 0x55
        path.write_bytes(data)
        with pytest.raises(FormatError, match=r"line [\d,]+: "):
            read_arpa_file(path)
        data[place] ^= 0x55


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("m.arpa.gz", b"plain text\n", "line 1: the file has no line \\data\\"),
        ("m.arpa", gzip.compress(b"\\data\\\n"), "line 1: the file ends inside the header"),
        ("m.arpa", b"just words\n", "line 1: the file has no line \\data\\"),
        ("m.arpa", b"", "line 0: the file has no line \\data\\"),
    ],
    # Ids of their own: compressed bytes hold the time, and would differ between test processes.
    ids=["not-compressed", "compressed", "words", "empty"],
)
def test_read_arpa_file_something_else_is_refused(
    name: str, content: bytes, message: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(FormatError, match=re.escape(message)):
        read_arpa_file(tmp_path / name)


@pytest.mark.parametrize("name", ["m.arpa", "m.lm", "m.lm.gz", "m"])
@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress, zstd, bytes])
def test_read_arpa_file_compression_is_told_by_the_content(
    name: str, compress: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(compress(ARPA.encode()))

    model, _ = read_arpa_file(tmp_path / name)

    assert model.order == 3

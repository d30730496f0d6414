import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from nextword.base import DataError
from nextword.text import open_stream

CONTENT = b"one\ntwo three\n" * 200_000
PACK: dict[str, Callable[[bytes], bytes]] = {
    ".txt": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.compress,
}


@pytest.mark.parametrize("suffix", PACK)
def test_stream_gives_the_content_decompressed(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"file{suffix}"
    path.write_bytes(PACK[suffix](CONTENT))

    with open_stream(path) as stream:
        assert stream.readline() == b"one\n"
        assert stream.read(9) == b"two three"
        assert stream.read() == CONTENT[13:]
        assert stream.read() == b""


def test_stream_of_a_missing_file_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(DataError, match=r"none\.txt cannot be read: No such file"),
        open_stream(tmp_path / "none.txt") as stream,
    ):
        stream.read()


def test_stream_of_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file.gz"
    path.write_bytes(gzip.compress(CONTENT)[:-100])

    with pytest.raises(DataError, match=r"file\.gz is damaged"), open_stream(path) as stream:
        stream.read()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"PK\x03\x04 the rest", "a zip archive"),
        (b"\x04\x22\x4d\x18 the rest", "an lz4 file"),
        (gzip.compress(b"one\n", mtime=0), "a gzip file"),
    ],
)
def test_stream_of_an_archive_is_refused(content: bytes, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "vectors.gz"
    path.write_bytes(gzip.compress(content))

    with pytest.raises(DataError, match=f"it is {kind}"), open_stream(path) as stream:
        stream.read()

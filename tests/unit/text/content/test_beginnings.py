import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from nextword.base import DataError
from nextword.text import open_corpus, open_stream


def text_of(path: Path, *, encoding_errors: str = "strict") -> str:
    return "".join(open_corpus([str(path)], encoding_errors=encoding_errors).pieces())


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
        ("utf-32-le", b"\xff\xfe\x00\x00"),
        ("utf-32-be", b"\x00\x00\xfe\xff"),
    ],
)
def test_text_with_another_byte_order_mark_names_the_encoding(
    tmp_path: Path, encoding: str, mark: bytes
) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(mark + "the students\n".encode(encoding))
    name = encoding[:6].upper()

    with pytest.raises(DataError, match=rf"a\.txt is {name}, not UTF-8.*iconv -f {name} -t UTF-8"):
        text_of(path)
    with (
        pytest.raises(DataError, match=rf"a\.txt is {name}, not UTF-8"),
        open_stream(path) as stream,
    ):
        stream.read()


@pytest.mark.parametrize("encoding", ["UTF-16LE", "UTF-16BE"])
def test_text_in_utf16_without_a_mark_is_refused(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("the students opened their books\n".encode(encoding))

    with pytest.raises(DataError, match=rf"looks like UTF-16.*iconv -f {encoding}"):
        text_of(path)


def test_text_with_some_nul_bytes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"a\x00b\x00\x00\n" + bytes(100))

    assert text_of(path) == "a\x00b\x00\x00\n" + "\x00" * 100


def test_archive_in_place_of_a_text_is_refused(tmp_path: Path) -> None:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"), io.BytesIO())
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(content.getvalue()))
    with zipfile.ZipFile(tmp_path / "b.txt", "w") as other:
        other.writestr("a.txt", "one\n")

    with pytest.raises(DataError, match=r"a\.tar\.gz is not plain text: it is a tar archive"):
        text_of(tmp_path / "a.tar.gz")
    with pytest.raises(DataError, match=r"b\.txt is not plain text: it is a zip archive"):
        text_of(tmp_path / "b.txt")


def test_text_that_is_compressed_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(gzip.compress(b"one\n")))

    with pytest.raises(DataError, match="is not plain text: it is a gzip file"):
        text_of(path)


def test_any_bytes_are_read_where_the_user_asks_for_them(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"\xff\xfePK\x03\x04")

    text = text_of(path, encoding_errors="surrogateescape")

    assert text.encode("utf-8", errors="surrogateescape") == b"\xff\xfePK\x03\x04"


def test_archive_of_another_kind_is_named_with_its_article(tmp_path: Path) -> None:
    path = tmp_path / "a.lz4"
    path.write_bytes(b"\x04\x22\x4d\x18 and more")

    with pytest.raises(DataError, match="it is an lz4 file"):
        text_of(path)

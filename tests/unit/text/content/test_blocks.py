import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from nextword.base import DataError
from nextword.text.content.blocks import BLOCK_BYTES, read_blocks

COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.ZstdCompressor().compress,
}
CONTENT = b"the students opened their books\n" * 70_000


@pytest.mark.parametrize("suffix", COMPRESSORS)
def test_read_blocks_compressed_file_gives_its_content(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"text.txt{suffix}"
    path.write_bytes(COMPRESSORS[suffix](CONTENT))

    blocks = list(read_blocks(path))

    assert b"".join(blocks) == CONTENT
    assert max(map(len, blocks)) <= 2 * BLOCK_BYTES


@pytest.mark.parametrize("suffix", COMPRESSORS)
def test_read_blocks_truncated_file_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"text.txt{suffix}"
    path.write_bytes(COMPRESSORS[suffix](CONTENT)[:-9])

    with pytest.raises(
        DataError, match=rf"text\.txt\{suffix} is damaged or truncated: it ends at byte \d"
    ):
        list(read_blocks(path))


@pytest.mark.parametrize("suffix", COMPRESSORS)
def test_read_blocks_plain_text_under_compressed_name_is_read(tmp_path: Path, suffix: str) -> None:
    content = "this is plain text, \u00e9, and nothing else\n".encode() * 1000
    path = tmp_path / f"text{suffix}"
    path.write_bytes(content)

    assert b"".join(read_blocks(path)) == content


@pytest.mark.parametrize("suffix", COMPRESSORS)
@pytest.mark.parametrize("content", [b"caf\xe9\n" * 100, b"\x00\x01\x02", b"\x1f"])
def test_read_blocks_neither_compressed_nor_text_under_compressed_name_is_refused(
    tmp_path: Path, suffix: str, content: bytes
) -> None:
    path = tmp_path / f"text{suffix}"
    path.write_bytes(content)

    with pytest.raises(DataError, match=rf"text\{suffix} is damaged or"):
        list(read_blocks(path))


@pytest.mark.parametrize("suffix", COMPRESSORS)
@pytest.mark.parametrize("name", ["text.txt", "model.arpa", "text", "text.zip.gz", "text.bz2"])
def test_read_blocks_compressed_content_under_any_name_is_decompressed(
    tmp_path: Path, suffix: str, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(COMPRESSORS[suffix](b"one\n"))

    assert b"".join(read_blocks(path)) == b"one\n"


@pytest.mark.parametrize("suffix", COMPRESSORS)
def test_read_blocks_highly_compressed_content_comes_in_bounded_blocks(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / "nothing"
    path.write_bytes(COMPRESSORS[suffix](bytes(10 << 20)))

    sizes = [len(block) for block in read_blocks(path)]

    assert sum(sizes) == 10 << 20
    assert max(sizes) <= 2 * BLOCK_BYTES


def test_read_blocks_folder_in_place_of_a_file_tells_the_reason(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        list(read_blocks(tmp_path))


def test_read_blocks_several_zstandard_frames_are_joined(tmp_path: Path) -> None:
    path = tmp_path / "text.zst"
    compress = COMPRESSORS[".zst"]
    path.write_bytes(compress(b"one\n") + compress(b"two\n") + compress(CONTENT))

    assert b"".join(read_blocks(path)) == b"one\ntwo\n" + CONTENT


def test_read_blocks_plain_file_gives_blocks_of_bounded_size(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(CONTENT)

    blocks = list(read_blocks(path))

    assert b"".join(blocks) == CONTENT
    assert len(blocks) == 3


def test_read_blocks_missing_file_tells_the_reason(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.txt cannot be read: No such file or directory"):
        list(read_blocks(tmp_path / "gone.txt"))

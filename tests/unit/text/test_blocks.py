import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from nextword.base import DataError
from nextword.text.blocks import BLOCK_BYTES, read_blocks

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

    with pytest.raises(DataError, match=rf"text\.txt\{suffix} is damaged or not a \{suffix} file"):
        list(read_blocks(path))


@pytest.mark.parametrize("suffix", COMPRESSORS)
def test_read_blocks_plain_text_under_compressed_name_is_refused(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"text{suffix}"
    path.write_bytes(b"this is plain text and nothing else\n" * 10)

    with pytest.raises(DataError, match="damaged or not"):
        list(read_blocks(path))


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

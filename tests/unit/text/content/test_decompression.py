import bz2
import gzip
import lzma
import shutil
import subprocess
from collections.abc import Callable
from io import BytesIO

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from nextword.base import DataError
from nextword.text.content.decompression import decompressed_blocks

PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda content: gzip.compress(content, mtime=0),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    # With a checksum, so that every version of the library sees every damage.
    "zstd": zstandard.ZstdCompressor(write_checksum=True).compress,
}
NAMES = {"gzip": "a.gz", "bzip2": "a.bz2", "xz": "a.xz", "zstd": "a.zst"}
SKIPPABLE_FRAME = b"\x53\x2a\x4d\x18" + (3).to_bytes(4, "little") + b"abc"

installed = pytest.mark.parametrize(
    "tool",
    [
        pytest.param(
            tool,
            marks=pytest.mark.skipif(shutil.which(tool) is None, reason=f"{tool} is not installed"),
        )
        for tool in PACK
    ],
)


def decompressed(data: bytes, *, name: str = "a") -> bytes:
    return b"".join(decompressed_blocks(BytesIO(data).read, name=name))


def outcome(data: bytes, *, tool: str) -> bytes | None:
    """Return the content, None where the file is refused."""
    try:
        return decompressed(data, name=NAMES[tool])
    except DataError:
        return None


def reference(data: bytes, *, tool: str) -> bytes | None:
    """Return what the tool prints, None where it fails or says that it left something out."""
    finished = subprocess.run([tool, "-dc"], input=data, capture_output=True, check=False)
    return None if finished.returncode or finished.stderr else finished.stdout


def parts(tool: str) -> SearchStrategy[bytes]:
    """Streams of one format, padding, and now and then something else."""
    content = st.one_of(st.binary(max_size=20), st.sampled_from([b"", b"a\n" * 5000]))
    padding = st.sampled_from([1, 2, 4, 8, 512]).map(bytes)
    garbage = st.sampled_from([b"x", b"\x1f\x8b", b"BZh9", SKIPPABLE_FRAME])
    return st.one_of(*[content.map(PACK[tool])] * 4, padding, garbage)


@st.composite
def files(draw: st.DrawFn, *, tool: str) -> bytes:
    """Files of one to three streams, some with a flipped bit, some cut short."""
    data = bytearray(PACK[tool](draw(st.binary(max_size=20))))
    data += b"".join(draw(st.lists(parts(tool), max_size=4)))
    damage = draw(st.sampled_from(["none", "none", "flip", "cut"]))
    place = draw(st.integers(0, len(data) - 1))
    if damage == "flip":
        data[place] ^= 1 << draw(st.integers(0, 7))
    return bytes(data[:place] if damage == "cut" else data)


@installed
@settings(max_examples=60)
@given(data=st.data())
def test_decompressed_blocks_any_file_equals_the_reference_tool(
    tool: str, data: st.DataObject
) -> None:
    file = data.draw(files(tool=tool))

    assert outcome(file, tool=tool) == reference(file, tool=tool)


@pytest.mark.parametrize("tool", PACK)
def test_decompressed_blocks_every_stream_is_read(tool: str) -> None:
    streams = [PACK[tool](content) for content in (b"one\n", b"", b"two\n")]

    assert decompressed(b"".join(streams)) == b"one\ntwo\n"


def test_decompressed_blocks_padding_between_xz_streams_is_skipped() -> None:
    stream = lzma.compress(b"one\n")

    assert decompressed(stream + bytes(8) + stream + bytes(4)) == b"one\none\n"


def test_decompressed_blocks_zero_bytes_behind_gzip_are_skipped() -> None:
    assert decompressed(gzip.compress(b"one\n") + bytes(5)) == b"one\n"


def test_decompressed_blocks_skippable_frames_are_skipped() -> None:
    frame = zstandard.compress(b"one\n")

    assert decompressed(SKIPPABLE_FRAME + frame + SKIPPABLE_FRAME + frame) == b"one\none\n"


@pytest.mark.parametrize(
    ("tool", "padding", "rule"),
    [
        ("xz", 6, "must be a multiple of 4"),
        ("gzip", 8, "only the end of the file may follow"),
        ("bzip2", 8, "the format has no padding"),
        ("zstd", 8, "the format has no padding"),
    ],
)
def test_decompressed_blocks_padding_that_the_format_forbids_tells_its_place(
    tool: str, padding: int, rule: str
) -> None:
    stream = PACK[tool](b"one\n")

    with pytest.raises(DataError, match=rf"{padding} NUL bytes .* byte {len(stream)} .*{rule}"):
        decompressed(stream + bytes(padding) + stream)


@pytest.mark.parametrize("tool", PACK)
def test_decompressed_blocks_other_data_behind_a_stream_tells_its_place(tool: str) -> None:
    stream = PACK[tool](b"one\n")

    with pytest.raises(DataError, match=rf"at byte {len(stream)} .* but 67 61 72 62 follows"):
        decompressed(stream + b"garbage")


@pytest.mark.parametrize("tool", PACK)
def test_decompressed_blocks_later_stream_that_is_damaged_tells_its_place(tool: str) -> None:
    stream = PACK[tool](b"one two three\n" * 50)
    damaged = bytearray(stream)
    damaged[len(stream) // 2] ^= 0x10

    with pytest.raises(DataError, match=rf"damaged: the .* that begins at byte {len(stream)} of"):
        decompressed(stream + bytes(damaged))


@pytest.mark.parametrize("tool", PACK)
def test_decompressed_blocks_last_stream_that_is_cut_short_tells_its_place(tool: str) -> None:
    stream = PACK[tool](b"one two three\n" * 50)
    cut = 2 * len(stream) - 5

    with pytest.raises(DataError, match=rf"ends at byte {cut}, .* begins at byte {len(stream)} of"):
        decompressed((stream + stream)[:cut])


@pytest.mark.parametrize("tool", PACK)
def test_decompressed_blocks_empty_file_of_a_compressed_name_is_cut_short(tool: str) -> None:
    with pytest.raises(DataError, match="truncated: it ends at byte 0"):
        decompressed(b"", name=NAMES[tool])


@pytest.mark.parametrize("content", [b"", b"B", b"BZh91 is text\n", b"P*M", b"(\n", b"\xff\x00"])
def test_decompressed_blocks_what_is_not_compressed_stays_as_it_is(content: bytes) -> None:
    assert decompressed(content) == content

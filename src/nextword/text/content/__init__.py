"""The bytes of files and streams, decompressed. Knows nothing of characters or lines."""

from nextword.text.content.beginnings import text_blocks, without_mark
from nextword.text.content.blocks import ByteStream, read_blocks, stream_blocks
from nextword.text.content.compression import BLOCK_BYTES, COMPRESSED_SUFFIXES
from nextword.text.content.streams import open_stream

__all__ = [
    "BLOCK_BYTES",
    "COMPRESSED_SUFFIXES",
    "ByteStream",
    "open_stream",
    "read_blocks",
    "stream_blocks",
    "text_blocks",
    "without_mark",
]

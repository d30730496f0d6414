"""Word vectors as word2vec writes them with `-binary 1`."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float32

from nextword.layers.embeddings.vector_file import Entry, VectorFile, VectorStream

_BLOCK_BYTES = 1 << 20
_NUMBER = np.dtype("<f4")
_MAX_WORD_BYTES = 1 << 16


class BinaryVectors(VectorFile):
    """Words, each followed by a space and `size` little-endian float32 numbers.

    word2vec writes a newline after each vector, gensim does not; both are read.

    Args:
        stream: The file after `beginning`.
        beginning: Bytes after the header that were already read.
        name: The file's name in error messages.
        size: Width of the vectors.
        num_words: Number of words according to the header.
        offset: Length of the header in bytes.
    """

    unit = "byte"

    def __init__(
        self,
        stream: VectorStream,
        *,
        beginning: bytes,
        name: str,
        size: int,
        num_words: int,
        offset: int,
    ) -> None:
        super().__init__(name=name, size=size)
        self._stream = stream
        self._beginning = beginning
        self._num_words = num_words
        self._offset = offset

    def entries(self) -> Iterator[Entry]:
        """Iterate over the words; raise an error if the file is truncated or has extra content."""
        block, start, offset = self._beginning, 0, self._offset
        num_bytes = self.size * _NUMBER.itemsize
        for number in range(self._num_words):
            while (end := _end_of_entry(block, start, num_bytes)) is None:
                if len(block) - start > num_bytes + _MAX_WORD_BYTES:
                    self.fail(offset + start, "a word is missing here.", help=_HELP)
                more = self._stream.read(_BLOCK_BYTES)
                if not more:
                    self.fail(
                        offset + len(block),
                        f"the file ends inside word {number + 1:,} of {self._num_words:,}.",
                        help="Copy or download it again.",
                    )
                block, start, offset = block[start:] + more, 0, offset + start
            word = block[start : end - num_bytes - 1].lstrip(b"\n")
            yield Entry(
                place=offset + end - num_bytes - 1 - len(word),
                word=word,
                content=block[end - num_bytes : end],
            )
            start = end
        rest = block[start:] or self._stream.read(_BLOCK_BYTES)
        if rest.strip():
            self.fail(
                offset + start,
                f"the file has content after the {self._num_words:,} words of its header.",
                help=_HELP,
            )

    def numbers(self, entry: Entry) -> Float32[np.ndarray, " size"]:
        """Return the numbers of an entry."""
        return np.frombuffer(entry.content, dtype=_NUMBER).astype(np.float32)


_HELP = "The header says another width or number of words than the file has; make it again."


def _end_of_entry(block: bytes, start: int, num_bytes: int) -> int | None:
    """Return the offset at which an entry ends; None if the block contains only a part of it."""
    blank = block.find(b" ", start, start + _MAX_WORD_BYTES)
    end = blank + 1 + num_bytes
    return end if blank >= 0 and end <= len(block) else None

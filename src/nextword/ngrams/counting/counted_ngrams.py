"""Counting the n-grams of a text in memory, or on disk if they do not fit."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nextword.base import full_disk_errors
from nextword.ngrams.counting.counts import NgramCounts, count_ngrams
from nextword.ngrams.counting.sentences import Sentences
from nextword.ngrams.counting.spilled_counts import count_spilling

#: Memory of counting, above which counts are spilled to disk if a folder is given.
MEMORY_BYTES = 2 << 30
#: Peak memory of counting in memory, per token.
BYTES_PER_TOKEN = 96


@contextmanager
def counted_ngrams(
    sentences: Sentences,
    *,
    order: int,
    temporary_folder: Path | None = None,
    memory_bytes: int = MEMORY_BYTES,
) -> Iterator[NgramCounts]:
    """Count the n-grams of a text; the counts are valid inside the `with` block.

    Args:
        sentences: The text.
        order: Length of the longest n-grams.
        temporary_folder: Where counts that do not fit in `memory_bytes` are spilled; None keeps
            them in memory. The files are removed again.
        memory_bytes: Limit on the memory of counting, bytes.

    Yields:
        The counts of orders 1 to `order`.

    Raises:
        ConfigError: The order is below 1 or above the longest sentence.
        DataError: No token is left to count.
    """
    if temporary_folder is None or len(sentences.ids) * BYTES_PER_TOKEN <= memory_bytes:
        yield count_ngrams(sentences, order=order)
        return
    with (
        full_disk_errors(temporary_folder),
        tempfile.TemporaryDirectory(prefix="ngrams-", dir=temporary_folder) as folder,
    ):
        yield count_spilling(sentences, order=order, folder=Path(folder), memory_bytes=memory_bytes)

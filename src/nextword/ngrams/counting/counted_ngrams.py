"""Counting the n-grams of a text in memory, or on disk if they do not fit."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nextword.base import ProgressCallback, full_disk_errors
from nextword.ngrams.counting.counts import NgramCounts, count_ngrams
from nextword.ngrams.counting.sentences import Sentences
from nextword.ngrams.counting.spilled_counts import count_spilling

#: Peak memory of counting and smoothing in memory, per token.
BYTES_PER_TOKEN = 256
#: Memory of counting and smoothing with files, per token and its limits. More would not be faster
#: for short texts; less would make a long text many short runs, which are merged.
_SPILLING_BYTES_PER_TOKEN = 32
_LEAST_BYTES, _MOST_BYTES = 64 << 20, 640 << 20


def counting_memory(num_tokens: int) -> int:
    """Return the memory of counting and smoothing, above which counts are spilled to disk, bytes.

    Args:
        num_tokens: Number of tokens of the text.

    Example:
        >>> [counting_memory(num_tokens) >> 20 for num_tokens in (10_000, 10**7, 10**9)]
        [64, 305, 640]
    """
    return min(max(_LEAST_BYTES, num_tokens * _SPILLING_BYTES_PER_TOKEN), _MOST_BYTES)


@contextmanager
def counted_ngrams(
    sentences: Sentences,
    *,
    order: int,
    temporary_folder: Path | None = None,
    memory_bytes: int | None = None,
    on_progress: ProgressCallback | None = None,
) -> Iterator[NgramCounts]:
    """Count the n-grams of a text; the counts are valid inside the `with` block.

    Args:
        sentences: The text.
        order: Length of the longest n-grams.
        temporary_folder: Where counts that do not fit in `memory_bytes` are spilled; None keeps
            them in memory. The files are removed again.
        memory_bytes: Limit on the memory of counting, bytes; that of `counting_memory` when None.
        on_progress: Called with (stage, done, total) after each part of a text that is spilled.

    Yields:
        The counts of orders 1 to `order`.

    Raises:
        ConfigError: The order is below 1 or above the longest sentence.
        DataError: No token is left to count.
    """
    num_tokens = len(sentences.ids)
    if memory_bytes is None:
        memory_bytes = counting_memory(num_tokens)
    if temporary_folder is None or num_tokens * BYTES_PER_TOKEN <= memory_bytes:
        yield count_ngrams(sentences, order=order)
        return
    with (
        full_disk_errors(temporary_folder),
        tempfile.TemporaryDirectory(prefix="ngrams-", dir=temporary_folder) as folder,
    ):
        yield count_spilling(
            sentences,
            order=order,
            folder=Path(folder),
            memory_bytes=memory_bytes,
            on_progress=on_progress,
        )

"""An error that names the size of the cache when memory runs out."""

from collections.abc import Iterator
from contextlib import contextmanager

from nextword.base import OutOfMemoryError, is_out_of_memory
from nextword.models import ContinuousCacheConfig
from nextword.tokens import Reset


@contextmanager
def named_cache_size(config: ContinuousCacheConfig, *, reset: Reset) -> Iterator[None]:
    """Inside the block, raise an error that names `cache.size` if memory runs out.

    Args:
        config: Settings of the cache.
        reset: Where the state is reset. Without resets, the text is one row, so that memory does
            not depend on the batch size.

    Raises:
        OutOfMemoryError: Memory has run out.
    """
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        lower = "cache.size" if reset == "never" else "cache.size or the batch size"
        raise OutOfMemoryError(
            f"out of memory with a cache of {config.size:,} words (cache.size).",
            help=f"Lower {lower}, for example --set cache.size=2000.",
        ) from error

"""The library's log on standard error, for the time of one call. Knows no commands."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

_LIBRARY = "nextword"


@contextmanager
def shown_log(*, everything: bool) -> Iterator[None]:
    """Show the library's warnings, or everything it says, inside the block."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    handler.setLevel(logging.INFO if everything else logging.WARNING)
    logger = logging.getLogger(_LIBRARY)
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)

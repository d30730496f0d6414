"""The library's log on standard error, for the time of one call. Knows no commands."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

_LIBRARY = "nextword"
#: Attribute of a record below a warning that a user shall always see (`extra={"notice": True}`).
_NOTICE = "notice"


@contextmanager
def shown_log(*, everything: bool) -> Iterator[None]:
    """Show the library's warnings and notices, or its whole log, inside the block."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    if not everything:
        handler.addFilter(_is_for_everyone)
    logger = logging.getLogger(_LIBRARY)
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


def _is_for_everyone(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING or getattr(record, _NOTICE, False)

"""The library's log on standard error, during one call. Knows no commands."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

_LIBRARY = "nextword"
#: Attribute of a record below level warning that is always shown (`extra={"notice": True}`).
_NOTICE = "notice"


@contextmanager
def shown_log(*, everything: bool) -> Iterator[None]:
    """Show the library's log inside the block.

    Args:
        everything: Whether to show all records; otherwise only warnings and notices.
    """
    handler = logging.StreamHandler()
    named = "%(levelname)s %(name)s: %(message)s"
    handler.setFormatter(logging.Formatter(named if everything else "%(level)s: %(message)s"))
    handler.addFilter(_name_level)
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


def _name_level(record: logging.LogRecord) -> bool:
    record.level = "note" if record.levelno < logging.WARNING else record.levelname
    return True


def _is_for_everyone(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING or getattr(record, _NOTICE, False)

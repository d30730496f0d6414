"""What one call of the command line carries from its options to its end. Knows no commands."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import typer

_LIBRARY = "nextword"


@dataclass
class Session:
    """One call of the command line.

    Attributes:
        debug: Whether errors show their traceback, and the library's log is shown.
    """

    debug: bool = False


def turn_on_debug(context: typer.Context, is_on: bool) -> None:
    """Note in the session that `--debug` was given, before or after the command."""
    session = context.find_object(Session)
    if is_on and session is not None:
        session.debug = True


@contextmanager
def shown_log(session: Session) -> Iterator[None]:
    """Show the library's log on standard error: warnings, and with `--debug` everything."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    handler.addFilter(lambda record: session.debug or record.levelno >= logging.WARNING)
    logger = logging.getLogger(_LIBRARY)
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)

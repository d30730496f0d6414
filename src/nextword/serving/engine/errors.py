"""Why the engine does not answer. Knows not how this is told over HTTP."""

from nextword.base import NextwordError


class QueueFullError(NextwordError, RuntimeError):
    """As many requests wait as may wait."""


class DrainingError(NextwordError, RuntimeError):
    """The server is stopping and takes no new requests."""


class CancelledRequestError(NextwordError, RuntimeError):
    """A request was cancelled."""

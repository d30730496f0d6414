"""Errors for requests that the engine does not answer. Knows nothing of HTTP."""

from nextword.base import NextwordError


class QueueFullError(NextwordError, RuntimeError):
    """The queue has no space for a request."""


class DrainingError(NextwordError, RuntimeError):
    """The server is stopping and takes no new requests."""


class CancelledRequestError(NextwordError, RuntimeError):
    """A request was cancelled."""

"""Close connections whose request does not arrive in time; uvicorn has no such timer."""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


def protocol_with_deadline(header_timeout_s: float) -> type[asyncio.Protocol]:
    """Return uvicorn's protocol, with a limit on the time in which a header has to arrive.

    Between two requests, uvicorn's own limit for idle connections holds until the first byte.

    Args:
        header_timeout_s: The limit, in seconds.
    """

    class Protocol(_DeadlineProtocol):
        timeout_s = header_timeout_s

    return Protocol


class _DeadlineProtocol(H11Protocol):
    """A connection that is closed if the header of a request takes longer than `timeout_s`."""

    timeout_s = 0.0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._set_timer()

    def data_received(self, data: bytes) -> None:
        if self._timer is None and self._is_waiting():
            self._set_timer()
        super().data_received(data)
        if not self._is_waiting():
            self._cancel_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_timer()
        super().connection_lost(exc)

    def _is_waiting(self) -> bool:
        """Return whether the next request has not arrived."""
        return bool(self.conn.their_state is h11.IDLE)

    def _set_timer(self) -> None:
        self._timer = self.loop.call_later(self.timeout_s, self._close_if_waiting)

    def _close_if_waiting(self) -> None:
        self._timer = None
        if self._is_waiting() and not self.transport.is_closing():
            self.transport.close()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

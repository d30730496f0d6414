"""Run the application: bind, answer, and stop when a signal arrives, after the running requests."""

import math
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from fastapi import FastAPI

from nextword.base import ConfigError
from nextword.serving.config import ServerConfig
from nextword.serving.deadlines import protocol_with_deadline

#: Seconds after which a connection without a request is closed; many clients reuse one for 5 s.
_KEEP_ALIVE_S = 9
#: Largest header of a request, in bytes.
_MAX_HEADER_BYTES = 16 * 1024
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run_server(
    app: FastAPI, config: ServerConfig, *, on_started: Callable[[str], None]
) -> signal.Signals | None:
    """Serve an application until SIGINT or SIGTERM arrives.

    Then no connection is accepted any more, and running requests are completed within
    `limits.grace_s`. A second SIGINT stops at once.

    Args:
        app: The application; see `create_app`.
        config: Where to listen, and the limits.
        on_started: Called with the address of the server when it answers.

    Returns:
        The first signal that arrived; None if the application failed to start.

    Raises:
        ConfigError: The address cannot be bound.
    """
    bound = _bind(config)
    host, port = bound.getsockname()[:2]
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    settings = uvicorn.Config(
        app,
        http=protocol_with_deadline(config.limits.header_timeout_s),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=math.ceil(config.limits.grace_s),
        h11_max_incomplete_event_size=_MAX_HEADER_BYTES,
    )
    server = _Server(settings, on_started=lambda: on_started(url), on_stop=app.state.models.drain)
    server.run(sockets=[bound])
    return server.stopped_by


class _Server(uvicorn.Server):
    """Returns after a signal; uvicorn's own class raises the signal again and ends the process."""

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        on_started: Callable[[], None],
        on_stop: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._on_started = on_started
        self._on_stop = on_stop
        self.stopped_by: signal.Signals | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell the address."""
        await super().startup(sockets)
        self._on_started()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle signals within the block, and restore the handlers after it."""
        before = {each: signal.signal(each, self.handle_exit) for each in _SIGNALS}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop taking requests."""
        if self.stopped_by is None:
            self.stopped_by = signal.Signals(sig)
            # Requests on open connections are refused too, and /readyz says so.
            self._on_stop()
        super().handle_exit(sig, frame)


def _bind(config: ServerConfig) -> socket.socket:
    """Return a listening socket.

    Raises:
        ConfigError: The address cannot be bound.
    """
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    try:
        bound = socket.create_server((config.host, config.port), family=family, backlog=2048)
    except OSError as error:
        raise ConfigError(
            f"the address {config.host}:{config.port} cannot be bound: {error.strerror or error}.",
            help="Choose another --port, or --port 0 for a free one.",
        ) from error
    # Its connections inherit this. asyncio sets it only for sockets that name their protocol. The
    # kernel would hold back the body of an answer for 40 ms, until the client confirms its headers.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return bound

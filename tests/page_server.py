"""A server in a thread of this process, for browsers of the tests."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from nextword.serving import Limits, ServerConfig, create_app

_WAIT_S = 60.0


@contextmanager
def serving(
    models: dict[str, Any], *, limits: dict[str, Any] | None = None, **settings: Any
) -> Iterator[str]:
    """Serve models, and yield the address of the server."""
    config = ServerConfig(limits=Limits(**{"grace_s": 1.0, **(limits or {})}), **settings)
    server = uvicorn.Server(
        uvicorn.Config(create_app(models, config), port=0, log_config=None, ws="none")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    end = time.monotonic() + _WAIT_S
    while not server.started:
        assert thread.is_alive()
        assert time.monotonic() < end
        time.sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    yield f"http://{host}:{port}"
    server.should_exit = True
    thread.join(_WAIT_S)

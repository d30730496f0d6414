"""Wait in a handler for requests to the engine, until they end or nobody waits for them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

from fastapi import Request as HttpRequest

from nextword.serving.engine import Engine, Listener, Request
from nextword.serving.http.errors import ClientDisconnected, RequestTimeoutError

Result = TypeVar("Result")


class WaitedListener(Listener):
    """A listener whose end a coroutine waits for; created in the event loop.

    Attributes:
        ended: Completed when the request ends; has its error.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = self._loop.create_future()

    def on_close(self, error: Exception | None) -> None:
        """Complete `ended` in the event loop."""
        self.in_loop(self._settle, error)

    def in_loop(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Call a function in the event loop; nothing happens if the loop is closed."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function, *arguments)

    def _settle(self, error: Exception | None) -> None:
        if self.ended.done():
            return
        if error is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(error)
            self.ended.exception()  # somebody may not wait any more; then it is not logged


async def run_requests(
    engine: Engine,
    requests: Sequence[tuple[Request, WaitedListener]],
    *,
    http: HttpRequest,
    timeout_s: float,
) -> None:
    """Run requests and wait until all have ended.

    Args:
        engine: The engine.
        requests: The requests with their listeners.
        http: The HTTP request; its disconnect cancels them.
        timeout_s: Longest time, in seconds.

    Raises:
        ClientDisconnected: The client has closed the connection.
        RequestTimeoutError: They took longer.
    """
    tickets = engine.submit(requests)
    try:
        ended = asyncio.gather(*(listener.ended for _, listener in requests))
        await _unless_gone(ended, http=http, timeout_s=timeout_s)
    finally:
        for ticket in tickets:
            if not ticket.is_closed:
                engine.cancel(ticket)


async def run_call(
    engine: Engine, function: Callable[[], Result], *, http: HttpRequest, timeout_s: float
) -> Result:
    """Call a function on the worker thread of an engine, and return its result.

    Args:
        engine: The engine.
        function: The function.
        http: The HTTP request; its disconnect cancels a call that has not begun.
        timeout_s: Longest time, in seconds.

    Raises:
        ClientDisconnected: The client has closed the connection.
        RequestTimeoutError: It took longer.
    """
    future: Future[Result] = engine.call(function)
    return await _unless_gone(asyncio.wrap_future(future), http=http, timeout_s=timeout_s)


async def _unless_gone(
    awaited: Awaitable[Result], *, http: HttpRequest, timeout_s: float
) -> Result:
    """Wait for a result, unless the client goes or the time is over."""
    result = asyncio.ensure_future(awaited)
    gone = asyncio.create_task(_until_gone(http))
    try:
        await asyncio.wait({result, gone}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if result.done():
            return result.result()
        if gone.done():
            raise ClientDisconnected
        raise RequestTimeoutError(timeout_s)
    finally:
        gone.cancel()
        abandon(result)


async def _until_gone(http: HttpRequest) -> None:
    while (await http.receive())["type"] != "http.disconnect":
        pass


def abandon(future: "asyncio.Future[Any]") -> None:
    """Cancel a future that nobody waits for any more; its exception is not logged."""
    future.cancel()
    future.add_done_callback(lambda done: done.cancelled() or done.exception())

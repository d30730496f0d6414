"""Read the body of a request before it is handled: its size, its time and its depth are limited."""

import asyncio
import re

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nextword.serving.http.errors import ApiError, send_error

#: Brackets, and strings, in which brackets do not count. A string without an end reaches to the end
#: of the body, so that the time is linear for any body.
_BRACKET = re.compile(rb'[\[{]|[\]}]|"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_CLOSE = {"Connection": "close"}


class ClientGone(Exception):
    """The client has closed the connection while its body was read."""


class BodyGuard:
    """Answers 413 or 408 for a body that is too large or too slow, and 400 for one too deep.

    Args:
        app: The application.
        max_bytes: Size of a body, in bytes.
        max_depth: Depth of arrays and objects in JSON.
        timeout_s: Time in which a body has to arrive, in seconds.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int, max_depth: int, timeout_s: float) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._max_depth = max_depth
        self._timeout_s = timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            body = await self._read(headers, receive)
        except ClientGone:
            return
        except ApiError as error:
            await send_error(error, scope=scope, receive=receive, send=send)
            return
        await self._app(scope, _replay(body, receive), send)

    async def _read(self, headers: Headers, receive: Receive) -> bytes:
        declared = headers.get("content-length", "0")
        if declared.isdecimal() and int(declared) > self._max_bytes:
            raise self._too_large(int(declared))
        try:
            async with asyncio.timeout(self._timeout_s):
                body = await self._receive(receive)
        except TimeoutError as error:
            raise ApiError(
                f"the body did not arrive within {self._timeout_s:g} s.",
                status=408,
                code="body_timeout",
                headers=_CLOSE,
            ) from error
        is_binary = headers.get("content-type", "").startswith("application/octet-stream")
        if not is_binary and json_depth(body, limit=self._max_depth) > self._max_depth:
            raise ApiError(
                f"the body is nested deeper than {self._max_depth} arrays and objects.",
                status=400,
                code="too_deep",
            )
        return body

    async def _receive(self, receive: Receive) -> bytes:
        parts: list[bytes] = []
        num_bytes = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            parts.append(message.get("body", b""))
            num_bytes += len(parts[-1])
            if num_bytes > self._max_bytes:
                raise self._too_large(num_bytes)
            if not message.get("more_body", False):
                return b"".join(parts)

    def _too_large(self, num_bytes: int) -> ApiError:
        return ApiError(
            f"the body has {num_bytes} bytes or more; the limit is {self._max_bytes}.",
            help="Send less at once.",
            status=413,
            code="body_too_large",
            headers=_CLOSE,
        )


def json_depth(body: bytes, *, limit: int) -> int:
    """Return how deep arrays and objects are nested in JSON, up to limit + 1.

    Args:
        body: The JSON; it need not be valid.
        limit: Counting ends above this depth.

    Example:
        >>> json_depth(b'{"a": [1, "[[["]}', limit=9)
        2
    """
    depth = deepest = 0
    for found in _BRACKET.finditer(body):
        first = found.group()[:1]
        if first in b"[{":
            depth += 1
            deepest = max(deepest, depth)
            if deepest > limit:
                return deepest
        elif first in b"]}":
            depth -= 1
    return deepest


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives the body, and then what the server sends, the disconnect."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay

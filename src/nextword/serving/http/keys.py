"""Refuse requests without the key of the server."""

import hmac
from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from nextword.serving.http.errors import ApiError, send_error

#: Paths that need no key: a load balancer asks them.
OPEN_PATHS = ("/healthz", "/readyz")


class KeyGuard:
    """Answers 401 unless a request carries `Authorization: Bearer KEY`.

    Args:
        app: The application.
        key: The key.
        open_paths: Paths that need no key.
    """

    def __init__(self, app: ASGIApp, *, key: str, open_paths: Collection[str] = OPEN_PATHS) -> None:
        self._app = app
        self._expected = f"bearer {key}".encode()
        self._open_paths = frozenset(open_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] == "http" and scope["path"] not in self._open_paths:
            given = Headers(scope=scope).get("authorization", "")
            scheme, _, key = given.partition(" ")
            sent = f"{scheme.lower()} {key.strip()}".encode("latin-1", errors="replace")
            if not hmac.compare_digest(sent, self._expected):
                error = ApiError(
                    "the key is wrong." if given else "the request has no key.",
                    help="Send the header Authorization: Bearer KEY.",
                    status=401,
                    code="invalid_api_key",
                    headers={"WWW-Authenticate": "Bearer"},
                )
                await send_error(error, scope=scope, receive=receive, send=send)
                return
        await self._app(scope, receive, send)

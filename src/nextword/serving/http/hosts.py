"""Refuse requests under a foreign host name, and those of foreign web pages.

A web page can make a browser send requests to a server on the same machine. Under a name that was
rebound to 127.0.0.1 (DNS rebinding), it could even read the answers.
"""

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from nextword.serving.http.errors import ApiError, send_error


class HostGuard:
    """Answers 403 unless the host is an IP address or a known name, and the origin is known.

    Args:
        app: The application.
        hosts: Known names, besides `localhost`.
        origins: Origins that may use the server, besides its own.
    """

    def __init__(
        self, app: ASGIApp, *, hosts: Collection[str], origins: Collection[str] = ()
    ) -> None:
        self._app = app
        self._hosts = {"localhost", *(host.lower() for host in hosts)}
        self._origins = {origin.lower() for origin in origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            try:
                self._check(headers.getlist("host"), headers.getlist("origin"))
            except ApiError as error:
                await send_error(error, scope=scope, receive=receive, send=send)
                return
        await self._app(scope, receive, send)

    def _check(self, hosts: list[str], origins: list[str]) -> None:
        host = hosts[0].lower() if len(hosts) == 1 else ""
        if not self._is_known(host):
            raise ApiError(
                f"the host {host[:100]!r} is not a name of this server.",
                help="Start it with --allowed-host NAME.",
                status=403,
                code="foreign_host",
            )
        for origin in (each.lower() for each in origins):
            if origin not in self._origins and _authority(origin) != host:
                raise ApiError(
                    f"pages of {origin[:100]!r} may not use this server.",
                    help="Start it with --allowed-origin ORIGIN.",
                    status=403,
                    code="foreign_origin",
                )

    def _is_known(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
            port = urlsplit(f"//{host}").port  # noqa: F841 - raises ValueError if it is none
        except ValueError:
            return False
        return name in self._hosts or _is_address(name)


def _authority(origin: str) -> str | None:
    """Return host and port of an origin, as a Host header has them; None if it has none."""
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True

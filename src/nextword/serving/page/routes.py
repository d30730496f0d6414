"""The routes of the page. Each path is known at the start, so no request reaches the disk."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from fastapi.responses import Response

from nextword.serving.page.files import PageFile, page_files

#: Only files of this server are loaded, and only this server is asked.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-cache",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def page_routes() -> APIRouter:
    """Return the routes of the page and of the files that it loads."""
    router = APIRouter(include_in_schema=False)
    for path, file in page_files().items():
        router.add_api_route(path, _answer(file), methods=["GET", "HEAD"])
    return router


def _answer(file: PageFile) -> Callable[[], Awaitable[Response]]:
    async def answer() -> Response:
        return Response(file.content, media_type=file.media_type, headers=_HEADERS)

    return answer

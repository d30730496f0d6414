"""`/healthz`, `/readyz` and `/metrics`."""

from typing import Any, Literal

from fastapi import APIRouter
from fastapi.responses import Response

from nextword.serving.context import Context
from nextword.serving.http import ERRORS, ApiError, Body

_METRICS_TYPE = "text/plain; version=1.0.0; charset=utf-8"
_METRICS: dict[str, Any] = {
    "description": "The figures.",
    "content": {"text/plain": {"schema": {"type": "string"}}},
}


class Status(Body):
    """The server answers."""

    status: Literal["ok"] = "ok"


def health_routes(context: Context) -> APIRouter:
    """Return the routes for load balancers and monitoring."""
    router = APIRouter(tags=["Health"], responses=ERRORS)

    @router.get("/healthz")
    async def healthz() -> Status:
        """Answer 200 while the process lives."""
        return Status()

    @router.get("/readyz")
    async def readyz() -> Status:
        """Answer 200 while requests are taken, 503 when the server stops."""
        if not context.models.are_ready:
            raise ApiError(
                "the server takes no requests.",
                status=503,
                code="not_ready",
                headers={"Retry-After": "1"},
            )
        return Status()

    @router.get("/metrics", response_class=Response, responses={200: _METRICS})
    async def metrics() -> Response:
        """Return figures in the text format of Prometheus."""
        return Response(context.metrics.render(), media_type=_METRICS_TYPE)

    return router

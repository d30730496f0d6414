"""What every endpoint uses: errors, guards, waiting and metrics. Knows no endpoint."""

from nextword.serving.http.bodies import BodyGuard, json_depth
from nextword.serving.http.errors import (
    ApiError,
    ClientDisconnected,
    ErrorResponse,
    RequestTimeoutError,
    as_api_error,
    error_body,
    install_error_handlers,
)
from nextword.serving.http.hosts import HostGuard
from nextword.serving.http.keys import OPEN_PATHS, KeyGuard
from nextword.serving.http.metrics import CountRequests, ServerMetrics
from nextword.serving.http.schemas import ERRORS, Body, Readable, StrictBody, readable
from nextword.serving.http.waiting import (
    WaitedListener,
    abandon,
    run_call,
    run_requests,
)

__all__ = [
    "ERRORS",
    "OPEN_PATHS",
    "ApiError",
    "Body",
    "BodyGuard",
    "ClientDisconnected",
    "CountRequests",
    "ErrorResponse",
    "HostGuard",
    "KeyGuard",
    "Readable",
    "RequestTimeoutError",
    "ServerMetrics",
    "StrictBody",
    "WaitedListener",
    "abandon",
    "as_api_error",
    "error_body",
    "install_error_handlers",
    "json_depth",
    "readable",
    "run_call",
    "run_requests",
]

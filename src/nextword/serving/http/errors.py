"""Errors as the OpenAI protocol has them, and the status of every exception.

Every error of the server is `{"error": {"message", "type", "param", "code"}}`.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, LiteralString, NamedTuple, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from nextword.base import DivergedError, MissingExtraError, NextwordError
from nextword.serving.engine import CancelledRequestError, DrainingError, QueueFullError

_logger = logging.getLogger(__name__)

#: Seconds after which a refused client may try again.
_RETRY_AFTER_S = "1"
_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}
_SHOWN_ERRORS = 3
#: Names of types without parameters in the locations of pydantic's errors.
_TYPE_NAMES = frozenset(
    {"str", "int", "float", "bool", "none", "constrained-str", "constrained-int"}
)

#: Type of an error of a whole body whose context names the faulty field.
FAULT_OF_FIELD: LiteralString = "fault_of_field"

#: Keys and positions that lead to a value, and the types that were tried.
_Location = tuple[int | str, ...]
_PATHS_HELP = "/openapi.json lists all paths; /v1/completions continues a text. Chat is not served."
#: Status of a response that nobody reads, for metrics; as in nginx.
_CLIENT_GONE = 499


class ErrorDetail(BaseModel):
    """What is wrong.

    Attributes:
        message: What is wrong, with the value and the place, and how to mend it.
        type: Kind of the error.
        param: Field of the request that is wrong.
        code: A name of the error for programs.
    """

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class ErrorResponse(BaseModel):
    """The body of every response with a status of 400 or above."""

    error: ErrorDetail


class ApiError(NextwordError, RuntimeError):
    """A request that is refused.

    Args:
        message: What is wrong.
        status: Status of the response.
        help: How to mend it.
        param: Field of the request that is wrong.
        code: A name of the error for programs.
        headers: Further headers of the response.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 422,
        help: str = "",
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, help=help)
        self.status = status
        self.param = param
        self.code = code
        self.headers = dict(headers or {})


class ClientDisconnected(Exception):
    """The client has closed the connection; no answer reaches it."""


class RequestTimeoutError(ApiError):
    """A request took longer than a request may take."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"the request was ended after {seconds:g} s.",
            help="Ask for fewer tokens.",
            status=503,
            code="request_timeout",
            headers={"Retry-After": _RETRY_AFTER_S},
        )


def as_api_error(error: Exception) -> ApiError:
    """Return the error that clients receive for an exception."""
    if isinstance(error, ApiError):
        return error
    retry = {"Retry-After": _RETRY_AFTER_S}
    if isinstance(error, QueueFullError):
        return _api_error(error, 429, "queue_full", headers=retry)
    if isinstance(error, DrainingError | CancelledRequestError):
        return _api_error(error, 503, "shutting_down", headers=retry)
    if isinstance(error, NextwordError) and not isinstance(
        error, DivergedError | MissingExtraError
    ):
        return _api_error(error, 422, "invalid_value")
    _logger.error("a request failed", exc_info=error)
    message = error.message if isinstance(error, NextwordError) else "an internal error occurred."
    return ApiError(message, status=500, code="internal_error")


def error_body(error: ApiError) -> dict[str, Any]:
    """Return the body of the response to an error."""
    kind = "server_error" if error.status >= 500 else "invalid_request_error"
    return {
        "error": {
            "message": _printable(str(error)),
            "type": _TYPES.get(error.status, kind),
            "param": error.param,
            "code": error.code,
        }
    }


def error_response(error: Exception) -> JSONResponse:
    """Return the response to an exception."""
    told = as_api_error(error)
    return JSONResponse(error_body(told), status_code=told.status, headers=told.headers)


async def send_error(error: ApiError, *, scope: Scope, receive: Receive, send: Send) -> None:
    """Send the response to an error from a middleware.

    Args:
        error: The error.
        scope: Scope of the request.
        receive: Receives messages of the server.
        send: Sends messages to the server.
    """
    await error_response(error)(scope, receive, send)


def install_error_handlers(app: FastAPI) -> None:
    """Answer every exception of a handler with an error object."""

    async def on_error(request: Request, error: Exception) -> JSONResponse:
        return error_response(error)

    async def on_http_error(request: Request, error: Exception) -> JSONResponse:
        found = cast(HTTPException, error)
        told = ApiError(
            f"{request.method} {request.url.path[:200]}: {found.detail}.",
            help=_PATHS_HELP if found.status_code == 404 else "",
            status=found.status_code,
            headers=found.headers,
        )
        return error_response(told)

    async def on_invalid(request: Request, error: Exception) -> JSONResponse:
        return error_response(_validation_error(cast(RequestValidationError, error)))

    async def on_disconnect(request: Request, error: Exception) -> Response:
        return Response(status_code=_CLIENT_GONE)

    app.add_exception_handler(ClientDisconnected, on_disconnect)
    app.add_exception_handler(NextwordError, on_error)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(Exception, on_error)


def _api_error(
    error: NextwordError, status: int, code: str, *, headers: Mapping[str, str] | None = None
) -> ApiError:
    return ApiError(error.message, help=error.help, status=status, code=code, headers=headers)


def _validation_error(error: RequestValidationError) -> ApiError:
    """Return the first faults of a request, each with the path of its field."""
    errors = error.errors()
    faults = _faults(
        [_Fault(each["loc"], str(each["msg"]), kind=str(each["type"])) for each in errors]
    )
    if any(each["type"] == "json_invalid" for each in errors):
        return ApiError(f"the body is not JSON: {faults[0][1]}.", status=400, code="invalid_json")
    if errors[0]["type"] == FAULT_OF_FIELD:
        field = errors[0]["ctx"]["field"]
        return ApiError(f"{faults[0][1]}.", status=422, param=field, code="invalid_value")
    if faults[0][0] == "body":
        return ApiError(
            "the body is not a JSON object.",
            help="Send an object with the header Content-Type: application/json.",
            status=400,
            code="invalid_json",
        )
    shown = "; ".join(f"{path}: {message}" for path, message in faults[:_SHOWN_ERRORS])
    return ApiError(f"{shown}.", status=422, param=faults[0][0], code="invalid_value")


class _Fault(NamedTuple):
    """An error of pydantic.

    Attributes:
        location: Where it is.
        message: What is wrong.
        kind: Its type, such as `string_type` for a value that is no text.
    """

    location: _Location
    message: str
    kind: str


def _faults(errors: Sequence[_Fault]) -> list[tuple[str, str]]:
    """Return the path of the field and the message of each fault.

    A field of several types has faults for each of them. Only those of the type that fits best are
    returned: not of a type that the value does not have at all, such as a text where there is a
    list; then the one with the fewest faults, and of these the one whose faults lie deepest.

    Example:
        >>> _faults([_Fault(("body", "stop", "str"), "not a string", "string_type"),
        ...          _Fault(("body", "stop", "list[str]", 0), "empty", "string_too_short"),
        ...          _Fault(("body", "stop", "list[str]", 1), "empty", "string_too_short")])
        [('stop.0', 'empty'), ('stop.1', 'empty')]
    """
    by_field: dict[str, dict[str, list[tuple[str, str]]]] = {}
    others = set()
    for location, message, kind in errors:
        names = [each for each in location if not _is_type(each)]
        types = [str(each) for each in location if _is_type(each)]
        end = location.index(types[0]) if types else len(location)
        of_types = by_field.setdefault(_path(location[:end]), {})
        of_types.setdefault(" ".join(types), []).append((_path(tuple(names)), message))
        if types and location[-1] == types[0] and kind.endswith("_type"):
            others.add((_path(location[:end]), types[0]))
    found: list[tuple[str, str]] = []
    for field, every in by_field.items():
        of_types = {name: each for name, each in every.items() if (field, name) not in others}
        of_types = of_types or every
        fewest = min(map(len, of_types.values()))
        fitting = [faults for faults in of_types.values() if len(faults) == fewest]
        deepest = max(faults[0][0].count(".") for faults in fitting)
        found += [
            fault for faults in fitting if faults[0][0].count(".") == deepest for fault in faults
        ]
    return list(dict.fromkeys(found))


def _is_type(part: int | str) -> bool:
    """Return whether a part of a location is one of the types of a field, not a name."""
    return isinstance(part, str) and (part in _TYPE_NAMES or "[" in part)


def _path(location: _Location) -> str:
    """Return the path of a field, such as `stream_options.include_usage`."""
    names = [str(each) for each in location]
    return ".".join(names[1:] if len(names) > 1 else names)


def _printable(text: str) -> str:
    return text.encode("utf-8", errors="backslashreplace").decode("utf-8")

"""`/v1/sessions`: recurrent states that are kept on the server."""

import math
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from fastapi import Request as HttpRequest

from nextword.serving.context import Context
from nextword.serving.http import ERRORS
from nextword.serving.sessions.bodies import (
    AppendBody,
    AppendRequest,
    AskBody,
    AskRequest,
    CreateRequest,
    DeletedBody,
    SampleBody,
    SampleRequest,
    SessionBody,
)
from nextword.serving.sessions.operations import SessionOperations
from nextword.serving.sessions.store import SessionStore, StoredSession

_BINARY = "application/octet-stream"
_STATE = {"description": "The serialized state.", "content": {_BINARY: {}}}
_UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {_BINARY: {"schema": {"type": "string", "format": "binary"}}},
    }
}
Id = Annotated[str, Path(description="Id of the session.")]


def session_routes(context: Context) -> APIRouter:
    """Return the routes of sessions."""
    router = APIRouter(prefix="/v1/sessions", tags=["Sessions"], responses=ERRORS)
    limits = context.limits
    store = SessionStore(max_sessions=limits.max_sessions, ttl_s=limits.session_ttl_s)
    context.metrics.watch_sessions(lambda: len(store))
    operations = SessionOperations(context, store)
    _add_creation(router, context=context, store=store, operations=operations)
    _add_keeping(router, store=store)
    _add_use(router, store=store, operations=operations)
    return router


def _body(session: StoredSession, store: SessionStore) -> SessionBody:
    return SessionBody(
        id=session.id,
        model=session.model,
        num_tokens=session.snapshot.num_tokens,
        num_bytes=len(session.snapshot.data),
        expires_in_s=round(store.expires_in(session), 3),
    )


def _add_creation(
    router: APIRouter, *, context: Context, store: SessionStore, operations: SessionOperations
) -> None:
    """Add the routes that create sessions."""

    @router.post("", status_code=201)
    async def create_session(request: CreateRequest, http: HttpRequest) -> SessionBody:
        """Create a session, which may read a text."""
        served = context.models.find_forward(request.model)
        return _body(await operations.create(served, request, http=http), store)

    @router.post("/upload", status_code=201, openapi_extra=_UPLOAD)
    async def upload_session(
        http: HttpRequest,
        model: Annotated[str | None, Query(description="Name of the model.")] = None,
    ) -> SessionBody:
        """Create a session from a state that was downloaded."""
        served = context.models.find_forward(model)
        return _body(await operations.upload(served, await http.body(), http=http), store)

    @router.post("/{id}/fork", status_code=201)
    async def fork_session(id: Id) -> SessionBody:
        """Create a session that has read the same text."""
        return _body(operations.fork(id), store)


def _add_keeping(router: APIRouter, *, store: SessionStore) -> None:
    """Add the routes that show, download and delete sessions."""

    @router.get("/{id}")
    async def get_session(id: Id) -> SessionBody:
        """Describe a session."""
        return _body(store.use(id), store)

    @router.delete("/{id}")
    async def delete_session(id: Id) -> DeletedBody:
        """Delete a session."""
        store.delete(id)
        return DeletedBody(id=id)

    @router.get("/{id}/state", response_class=Response, responses={200: _STATE})
    async def download_session(id: Id) -> Response:
        """Download the state of a session."""
        return Response(store.use(id).snapshot.data, media_type=_BINARY)


def _add_use(router: APIRouter, *, store: SessionStore, operations: SessionOperations) -> None:
    """Add the routes that read and generate text."""

    @router.post("/{id}/append")
    async def append_to_session(id: Id, request: AppendRequest, http: HttpRequest) -> AppendBody:
        """Let a session read a text."""
        session, ids, log_probs = await operations.append(id, request, http=http)
        scored = [value if math.isfinite(value) else None for value in log_probs]
        return AppendBody(
            **_body(session, store).model_dump(),
            token_ids=ids if request.score else None,
            log_probs=scored if request.score else None,
        )

    @router.post("/{id}/next")
    async def ask_session(id: Id, request: AskRequest, http: HttpRequest) -> AskBody:
        """Return the most probable next tokens."""
        return AskBody(id=id, next=await operations.ask(id, k=request.k, http=http))

    @router.post("/{id}/sample")
    async def sample_session(id: Id, request: SampleRequest, http: HttpRequest) -> SampleBody:
        """Generate a text that continues a session."""
        session, sample = await operations.sample(id, request, http=http)
        return SampleBody(
            **_body(session, store).model_dump(),
            text=sample.text,
            num_sampled=sample.num_sampled,
            log_prob=sample.log_prob,
            finish_reason=sample.reason,
        )

"""What can be done with a session; each operation is one request to the engine of its model."""

from collections.abc import Sequence
from functools import partial

from fastapi import Request as HttpRequest

from nextword.generation import Session
from nextword.serving.context import Context
from nextword.serving.engine import Request
from nextword.serving.http import ApiError, run_call, run_requests
from nextword.serving.models import Served
from nextword.serving.openai import Prompt, SampleText, check_sampling, chosen_seed, sampling_of
from nextword.serving.sessions.bodies import AppendRequest, SampleRequest, TextFields
from nextword.serving.sessions.listening import (
    ReadListener,
    SampleListener,
    uploaded_snapshot,
)
from nextword.serving.sessions.store import SessionStore, Snapshot, StoredSession
from nextword.serving.text import NextListener, TokenProbability


class SessionOperations:
    """The operations on the sessions of an application.

    An operation that changes a session waits until the one before it is complete.

    Args:
        context: Models and limits.
        store: The sessions.
    """

    def __init__(self, context: Context, store: SessionStore) -> None:
        self._context = context
        self._store = store

    async def create(
        self, served: Served, fields: TextFields, *, http: HttpRequest
    ) -> StoredSession:
        """Create a session that has read a text.

        Args:
            served: Its model.
            fields: The text; may be absent.
            http: The HTTP request.
        """
        self._store.require_room()
        ids = self._ids(served, fields)
        request = Request(prompt_ids=tuple(ids))
        listener = ReadListener()
        await self._run(served, request, listener, http=http)
        assert listener.snapshot is not None  # the request is complete
        return self._store.create(served.name, listener.snapshot)

    async def append(
        self, id: str, fields: AppendRequest, *, http: HttpRequest
    ) -> tuple[StoredSession, list[int], list[float]]:
        """Let a session read a text.

        Args:
            id: The session.
            fields: The text.
            http: The HTTP request.

        Returns:
            The session, the ids that it read, and their log-probabilities if they are scored.
        """
        async with self._store.use(id).lock:
            session = self._store.use(id)
            served = self._served(session)
            if fields.text is None and fields.token_ids is None:
                raise ApiError("there is neither a text nor token_ids.", param="text")
            ids = self._ids(served, fields)
            request = Request(
                start=self._start(served, session), prompt_ids=tuple(ids), is_scored=fields.score
            )
            listener = ReadListener()
            await self._run(served, request, listener, http=http)
            assert listener.snapshot is not None  # the request is complete
            return self._store.update(id, listener.snapshot), ids, listener.log_probs

    async def ask(self, id: str, *, k: int, http: HttpRequest) -> list[TokenProbability]:
        """Return the most probable next tokens.

        Args:
            id: The session, which does not change.
            k: Number of tokens.
            http: The HTTP request.
        """
        session = self._store.use(id)
        served = self._served(session)
        listener = NextListener(served.tokenizer, k=k, never_ids=served.language_model.never_ids)
        await self._run(served, Request(start=self._start(served, session)), listener, http=http)
        return listener.found

    async def sample(
        self, id: str, fields: SampleRequest, *, http: HttpRequest
    ) -> tuple[StoredSession, SampleListener]:
        """Generate a text that continues a session.

        Args:
            id: The session; it reads the text unless `fields.keep` is false.
            fields: Settings of sampling.
            http: The HTTP request.
        """
        check_sampling(fields, self._context)
        self._context.require_at_most("max_tokens", fields.max_tokens, limit="max_tokens")
        async with self._store.use(id).lock:
            session = self._store.use(id)
            served = self._served(session)
            before = Prompt(ids=(session.snapshot.last_id,), text="", offsets=())
            listener = SampleListener(
                SampleText(served.tokenizer, prompt=before, stop=fields.stops, index=0, offset=0)
            )
            request = Request(
                start=self._start(served, session),
                max_tokens=fields.max_tokens,
                sampling=sampling_of(fields),
                seed=chosen_seed(fields),
                banned_ids=served.tokenizer.banned_ids,
                keeps_session=fields.keep,
            )
            await self._run(served, request, listener, http=http)
            if listener.snapshot is not None:
                session = self._store.update(id, listener.snapshot)
            return session, listener

    def fork(self, id: str) -> StoredSession:
        """Return a new session that has read the same text."""
        session = self._store.use(id)
        return self._store.create(session.model, session.snapshot)

    async def upload(self, served: Served, data: bytes, *, http: HttpRequest) -> StoredSession:
        """Create a session from its serialized state.

        Args:
            served: Its model.
            data: The bytes that were downloaded.
            http: The HTTP request.

        Raises:
            FormatError: The bytes are damaged.
            MismatchError: They belong to another model.
        """
        self._store.require_room()

        def read() -> Snapshot:
            return uploaded_snapshot(Session.from_bytes(served.language_model, data))

        timeout_s = self._context.limits.request_timeout_s
        snapshot = await run_call(served.engine, read, http=http, timeout_s=timeout_s)
        return self._store.create(served.name, snapshot)

    async def _run(
        self,
        served: Served,
        request: Request,
        listener: ReadListener | SampleListener | NextListener,
        *,
        http: HttpRequest,
    ) -> None:
        timeout_s = self._context.limits.request_timeout_s
        await run_requests(served.engine, [(request, listener)], http=http, timeout_s=timeout_s)

    def _served(self, session: StoredSession) -> Served:
        return self._context.models.find_forward(session.model)

    def _start(self, served: Served, session: StoredSession) -> "partial[Session]":
        return partial(Session.from_bytes, served.language_model, session.snapshot.data)

    def _ids(self, served: Served, fields: TextFields) -> list[int]:
        """Return the ids of a text; none if there is no text."""
        if fields.text is not None and fields.token_ids is not None:
            raise ApiError("text and token_ids are both set.", help="Leave one out.", param="text")
        ids: Sequence[int] = fields.token_ids or ()
        if fields.text is not None:
            ids = served.tokenizer.encode(fields.text).ids.tolist()
        self._context.require_prompt("text", [ids])
        return list(ids)

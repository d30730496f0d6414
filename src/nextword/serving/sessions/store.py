"""Sessions that are kept between requests, serialized: a few kilobytes each, however long.

Knows nothing of models and of HTTP but for its errors. All methods are called in the event loop.
"""

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from nextword.serving.http import ApiError

_ID_BYTES = 18


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A session after a request.

    Attributes:
        data: The serialized session; see `nextword.Session.to_bytes`.
        num_tokens: Number of tokens it has read.
        last_id: The last of them; the boundary if there is none.
    """

    data: bytes
    num_tokens: int
    last_id: int


@dataclass(frozen=True, kw_only=True)
class StoredSession:
    """A session that is kept.

    Attributes:
        id: Its id: random, so that nobody can guess it.
        model: Name of its model.
        snapshot: What it has read.
        used: When it was used last, in seconds of a monotonic clock.
        lock: Held by the request that changes it.
    """

    id: str
    model: str
    snapshot: Snapshot
    used: float
    lock: asyncio.Lock


class SessionStore:
    """The sessions of an application, the least recently used ones first.

    Args:
        max_sessions: Largest number of sessions.
        ttl_s: Time after its last use when a session is deleted, in seconds.
        clock: Returns the time, in seconds.
    """

    def __init__(
        self, *, max_sessions: int, ttl_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._max_sessions = max_sessions
        self._ttl_s = ttl_s
        self._clock = clock
        self._sessions: OrderedDict[str, StoredSession] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of sessions."""
        self._expire()
        return len(self._sessions)

    def create(self, model: str, snapshot: Snapshot) -> StoredSession:
        """Keep a new session.

        Args:
            model: Name of its model.
            snapshot: What it has read.

        Raises:
            ApiError: There are as many sessions as may be kept.
        """
        self.require_room()
        session = StoredSession(
            id=f"session-{secrets.token_urlsafe(_ID_BYTES)}",
            model=model,
            snapshot=snapshot,
            used=self._clock(),
            lock=asyncio.Lock(),
        )
        self._sessions[session.id] = session
        return session

    def require_room(self) -> None:
        """Refuse a session beyond the largest number.

        Raises:
            ApiError: There are as many sessions as may be kept.
        """
        if len(self) >= self._max_sessions:
            raise ApiError(
                f"{len(self._sessions)} sessions are kept, which is the limit.",
                help="Delete some, or wait until some expire.",
                status=429,
                code="too_many_sessions",
                headers={"Retry-After": "10"},
            )

    def use(self, id: str) -> StoredSession:
        """Return a session, and restart its time.

        Raises:
            ApiError: There is no such session, or it has expired.
        """
        self._expire()
        if id not in self._sessions:
            raise ApiError(
                f"there is no session {id[:100]!r}.",
                help=f"Sessions are deleted {self._ttl_s:g} s after their last use.",
                status=404,
                code="session_not_found",
            )
        self._sessions[id] = replace(self._sessions[id], used=self._clock())
        self._sessions.move_to_end(id)
        return self._sessions[id]

    def update(self, id: str, snapshot: Snapshot) -> StoredSession:
        """Replace what a session has read.

        Args:
            id: The session.
            snapshot: What it has read.

        Raises:
            ApiError: The session was deleted meanwhile.
        """
        self._sessions[id] = replace(self.use(id), snapshot=snapshot)
        return self._sessions[id]

    def delete(self, id: str) -> None:
        """Delete a session.

        Raises:
            ApiError: There is no such session.
        """
        self.use(id)
        del self._sessions[id]

    def expires_in(self, session: StoredSession) -> float:
        """Return the time until a session is deleted, in seconds."""
        return max(0.0, session.used + self._ttl_s - self._clock())

    def _expire(self) -> None:
        oldest = self._clock() - self._ttl_s
        while self._sessions:
            first = next(iter(self._sessions.values()))
            if first.used > oldest:
                return
            del self._sessions[first.id]

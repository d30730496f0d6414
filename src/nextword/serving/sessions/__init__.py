"""Sessions: recurrent states that are kept on the server between requests."""

from nextword.serving.sessions.routes import session_routes
from nextword.serving.sessions.store import SessionStore, Snapshot, StoredSession

__all__ = ["SessionStore", "Snapshot", "StoredSession", "session_routes"]

"""The state that the parts of one server share. No behaviour of its own."""

from __future__ import annotations

from speckeeper.server.connection import Connection
from speckeeper.server.outbox import Outbox
from speckeeper.server.reply_cache import ReplyCache
from speckeeper.server.sessions import SessionTracker
from speckeeper.server.settings import ServerSettings
from speckeeper.server.stats import ServerStats
from speckeeper.server.turns import Turns
from speckeeper.tree.acl import Decided
from speckeeper.tree.datatree import DataTree
from speckeeper.tree.watches import Watches


class Core:
    """Settings, tree, sessions, watches and numbers of one server."""

    __slots__ = (
        "cache",
        "connections",
        "decided",
        "local_sessions",
        "outbox",
        "policy",
        "sessions",
        "settings",
        "stats",
        "tree",
        "turns",
        "waiting",
        "watches",
    )

    def __init__(
        self, settings: ServerSettings, tree: DataTree, sessions: SessionTracker, now_ms: int
    ) -> None:
        self.settings = settings
        self.policy = settings.policy
        self.tree = tree
        self.sessions = sessions
        self.local_sessions: SessionTracker | None = None
        """Sessions that only this server knows, where ``local_sessions_enabled`` asks for them."""
        if settings.local_sessions_enabled:
            self.local_sessions = SessionTracker(settings.tick_time_ms, now_ms, 0)
        self.decided = Decided()
        """Permissions under long lists, of this turn."""
        self.stats = ServerStats(now_ms)
        self.outbox = Outbox(self.stats)
        self.watches: Watches[Connection] = Watches()
        self.cache = ReplyCache(settings.max_response_cache_size)
        self.connections: dict[Connection, None] = {}  # in order of arrival
        self.turns = Turns()
        """How costly requests take turns."""
        self.waiting = 0
        """Requests of this server's own clients that are under way (``getInProcess``)."""

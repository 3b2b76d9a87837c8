"""Sessions of one server: ids, expiry and which connection serves which session.

The replicated part of a session (id and timeout) is in the tree, changed only by applied
transactions; here is what one server knows beside it: when it heard of the session last, whether a
closeSession is under way, and the connection. See ZooKeeper SessionTrackerImpl and ExpiryQueue.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from speckeeper.server.connection import Connection

#: The owner of a session whose client is connected to this server itself.
OWNED_HERE = 0

_LOW_56_BITS = (1 << 56) - 1
_ALL_64_BITS = (1 << 64) - 1
# EphemeralType.CONTAINER_EPHEMERAL_OWNER: an owner that means "container", never a session.
_CONTAINER_OWNER = 1 << 63


def signed64(value: int) -> int:
    """Wrap any integer to the signed 64-bit integer with the same low bits."""
    value &= _ALL_64_BITS
    return value - (1 << 64) if value >> 63 else value


def first_session_id(clock_ms: int, server_id: int) -> int:
    """First id of a server that starts at ``clock_ms``: server id on top, then 40 bits of time.

    SessionTrackerImpl.initializeNextSessionId: ``((ms << 24) >>> 8) | (id << 56)``, so that two
    servers, or two lives of one server, do not hand out the same id.
    """
    seed = (((clock_ms << 24) & _ALL_64_BITS) >> 8) | ((server_id << 56) & _ALL_64_BITS)
    return signed64(seed + 1 if seed == _CONTAINER_OWNER else seed)


class Session:
    """What this server knows about one live session."""

    __slots__ = (
        "closing",
        "connection",
        "expires_ms",
        "id",
        "local",
        "owner",
        "timeout_ms",
        "touched_ms",
    )

    def __init__(self, session_id: int, timeout_ms: int, now_ms: int) -> None:
        self.id = session_id
        self.timeout_ms = timeout_ms
        self.touched_ms = now_ms  # a request or ping is this one store; the sweep does the rest
        self.expires_ms = 0  # the bucket it is filed under, never later than the true one
        self.closing = False
        self.local = False  # known to this server only: see local_sessions.py
        self.connection: Connection | None = None
        # A leader's: whence its requests come, 0 for here, the number of a learner's link, or None
        # until it is heard of (SessionImpl.owner).
        self.owner: int | None = None


class SessionTracker:
    """All live sessions, filed in buckets of one tick by the time they may expire."""

    def __init__(self, tick_time_ms: int, now_ms: int, next_id: int) -> None:
        self.tick_time_ms = tick_time_ms
        self.by_id: dict[int, Session] = {}
        self._buckets: dict[int, set[Session]] = {}
        self._next_id = next_id
        self._next_sweep_ms = self._round_up(now_ms)

    def _round_up(self, time_ms: int) -> int:
        return (time_ms // self.tick_time_ms + 1) * self.tick_time_ms

    def expiry_of(self, session: Session) -> int:
        """Tick at which the session expires if it is not heard of again."""
        return self._round_up(session.touched_ms + session.timeout_ms)

    def new_id(self) -> int:
        """Take the next session id."""
        session_id = self._next_id
        self._next_id = signed64(session_id + 1)
        return session_id

    def track(self, session_id: int, timeout_ms: int, now_ms: int) -> Session:
        """Start (or go on) watching a session that is known to be alive at ``now_ms``."""
        session = self.by_id.get(session_id)
        if session is None:
            session = self.by_id[session_id] = Session(session_id, timeout_ms, now_ms)
            self._file(session)
        else:
            self.touch(session, timeout_ms, now_ms)
        return session

    def adopt(self, session: Session) -> None:
        """Go on watching a session that another tracker has let go of."""
        self.by_id[session.id] = session
        self._file(session)

    def touch(self, session: Session, timeout_ms: int, now_ms: int) -> None:
        """Note a sign of life that may also bring a new timeout (a reopened session)."""
        session.touched_ms = now_ms
        if timeout_ms != session.timeout_ms:
            session.timeout_ms = timeout_ms
            self._unfile(session)
            self._file(session)

    def grant(self, session: Session, timeout_ms: int, now_ms: int) -> None:
        """Let a session be silent for so long from now on; from its next sign of life on, its own
        timeout counts again (``trackSession`` of a session that is there).
        """
        session.touched_ms = now_ms + timeout_ms - session.timeout_ms
        self._unfile(session)
        self._file(session)

    def remove(self, session_id: int) -> Session | None:
        """Forget a session whose closeSession was applied; the session, or None if unknown."""
        session = self.by_id.pop(session_id, None)
        if session is not None:
            self._unfile(session)
        return session

    def sweep(self, now_ms: int) -> list[Session]:
        """Sessions not heard of in time, now marked as closing; call at least once per tick.

        A session that was touched since it was filed moves on to the bucket it belongs to now, so
        the cost of a touch is paid once per timeout, not once per request.
        """
        expired: list[Session] = []
        while self._next_sweep_ms <= now_ms:
            due = self._next_sweep_ms
            self._next_sweep_ms += self.tick_time_ms
            for session in self._buckets.pop(due, ()):
                if session.closing:
                    session.expires_ms = 0
                elif self.expiry_of(session) > due:
                    self._file(session)
                else:
                    session.expires_ms = 0
                    session.closing = True
                    expired.append(session)
        return sorted(expired, key=_by_id)

    def expiry_buckets(self) -> Iterator[tuple[int, list[int]]]:
        """Expiry time (ms, the clock of ``now_ms``) and the ids that expire then, in order."""
        buckets: dict[int, list[int]] = {}
        for session in self.by_id.values():
            buckets.setdefault(self.expiry_of(session), []).append(session.id)
        for time_ms in sorted(buckets):
            yield time_ms, sorted(buckets[time_ms])

    def _file(self, session: Session) -> None:
        session.expires_ms = self.expiry_of(session)
        self._buckets.setdefault(session.expires_ms, set()).add(session)

    def _unfile(self, session: Session) -> None:
        bucket = self._buckets.get(session.expires_ms)
        if bucket is not None:
            bucket.discard(session)
            if not bucket:
                del self._buckets[session.expires_ms]


def _by_id(session: Session) -> int:
    return session.id

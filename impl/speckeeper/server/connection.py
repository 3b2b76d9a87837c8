"""One client connection as the server sees it: bytes in, bytes out, what is known of the client.

A connection holds no socket. Its driver hands bytes to :class:`~speckeeper.server.server.Server`,
takes ``output`` to the socket, and closes the socket when ``close_reason`` is set.
"""

from __future__ import annotations

from typing import Final

from speckeeper.server.digest_md5 import DigestMd5
from speckeeper.server.reasons import CloseReason
from speckeeper.server.sessions import Session
from speckeeper.wire.records import Id

_NEVER = 1 << 62  # ZooKeeper: Long.MAX_VALUE until there was a reply


class State:
    """Life of a connection; it moves down this list, except from UNAUTHENTICATED to OPEN.

    Plain integers, because they are compared for every frame.
    """

    NEW: Final = 0  # no handshake yet
    OPENING: Final = 1  # handshake taken, the session's transaction is under way
    UNAUTHENTICATED: Final = 2  # open, but enforced authentication is still owed
    OPEN: Final = 3
    CLOSING: Final = 4  # nothing more is read; what is in ``output`` still goes out
    CLOSED: Final = 5


class Hold:
    """Bits: why the requests of a connection wait in its inbox."""

    HANDSHAKE: Final = 1  # the session is being created (disableRecv in processConnectRequest)
    OUTSTANDING: Final = 2  # too many requests in progress (ZooKeeperServer.shouldThrottle)
    UNREAD: Final = 4  # the client does not read its replies
    TURN: Final = 8  # it had its share of this turn
    WORD: Final = 16  # a four-letter word is answered, and nothing else (checkFourLetterWord)


class Connection:
    """State of one connection; the server writes it, the driver reads what its comments say."""

    __slots__ = (
        "auth_ids",
        "behind",
        "close_reason",
        "dirty",
        "driver",
        "established_ms",
        "held_since_ms",
        "hold",
        "host",
        "inbox",
        "inbox_needed",
        "inbox_size",
        "last_cxid",
        "last_latency_ms",
        "last_op",
        "last_response_ms",
        "last_zxid",
        "latency_count",
        "latency_total_ms",
        "max_latency_ms",
        "min_latency_ms",
        "negotiation",
        "opened_ms",
        "output",
        "outstanding",
        "packets_received",
        "packets_sent",
        "port",
        "proven",
        "queued",
        "read_only_flag",
        "refused_because",
        "secure",
        "session",
        "session_id",
        "state",
        "timeout_ms",
    )

    def __init__(self, host: str, port: int, now_ms: int, wall_ms: int) -> None:
        self.host = host
        self.port = port
        self.secure = False  # it came in at the secure client port
        self.state: int = State.NEW
        self.hold = 0
        self.held_since_ms = 0
        self.opened_ms = now_ms
        self.established_ms = wall_ms

        self.session: Session | None = None
        self.session_id = 0
        self.timeout_ms = 0
        self.read_only_flag = False  # the handshake had the byte, so the answer has it too
        self.auth_ids: tuple[Id, ...] = (Id("ip", host),)
        self.proven: set[Id] | None = None  # the same, for auth to look up in; None until it does

        self.negotiation: DigestMd5 | None = None  # SASL, once it has begun
        self.refused_because = ""  # more words on the close reason, for the log

        self.inbox: list[bytes] = []  # bytes not yet understood or not yet allowed
        self.inbox_size = 0
        self.inbox_needed = 0  # bytes that must be there before another look is worth it
        self.output: list[bytes] = []  # for the driver: write these, then clear
        self.behind: list[bytes] | None = None  # events that a reply in the making goes before
        self.dirty = False  # listed in Server.take_outputs()
        self.close_reason: CloseReason | None = None  # for the driver: close after writing
        self.driver: object = None  # the driver's own handle

        self.queued = 0  # requests of this connection in the pipeline
        self.outstanding = 0  # of them, those with a positive xid: what ZooKeeper counts
        self.packets_received = 0
        self.packets_sent = 0
        self.reset_stats()

    def reset_stats(self) -> None:
        """Forget what ``cons`` shows (ServerCnxn.resetStats)."""
        self.packets_received = 0
        self.packets_sent = 0
        self.last_op = 0
        self.last_cxid = -1
        self.last_zxid = -1
        self.last_response_ms = 0
        self.last_latency_ms = 0
        self.min_latency_ms = _NEVER
        self.max_latency_ms = 0
        self.latency_count = 0
        self.latency_total_ms = 0

    def note_reply(self, xid: int, zxid: int, op: int, latency_ms: int, now_ms: int) -> None:
        """Record a reply (ServerCnxn.updateStatsForResponse)."""
        if xid >= 0:  # the special xids are not "the client's last operation"
            self.last_cxid = xid
        self.last_zxid = zxid
        self.last_op = op
        self.last_response_ms = now_ms
        self.last_latency_ms = latency_ms
        if latency_ms < self.min_latency_ms:
            self.min_latency_ms = latency_ms
        if latency_ms > self.max_latency_ms:
            self.max_latency_ms = latency_ms
        self.latency_count += 1
        self.latency_total_ms += latency_ms

    @property
    def shown_min_latency_ms(self) -> int:
        """Smallest latency, 0 before the first reply."""
        return 0 if self.min_latency_ms == _NEVER else self.min_latency_ms

    @property
    def average_latency_ms(self) -> int:
        """Mean latency in whole ms, rounded down."""
        return self.latency_total_ms // self.latency_count if self.latency_count else 0

    @property
    def address(self) -> str:
        """``host:port`` as ZooKeeper prints a peer; IPv6 in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def keep(self, chunk: bytes, needed: int) -> None:
        """Put the bytes that could not be used yet back into the (empty) inbox."""
        self.inbox = [chunk] if chunk else []
        self.inbox_size = len(chunk)
        self.inbox_needed = needed

    def drop_inbox(self) -> None:
        """Forget unread bytes."""
        self.keep(b"", 0)

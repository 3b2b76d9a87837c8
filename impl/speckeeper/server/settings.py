"""Every limit and switch of one server, with ZooKeeper's names, units and defaults.

Nothing here reads a file: ops/ fills the record from zoo.cfg, tests build it directly. What the
replicated state machine needs to know (ACL, quota and TTL switches) is tree/'s own ``Policy``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from speckeeper.tree.policy import Policy

DEFAULT_TICK_TIME_MS = 3000  # ZooKeeperServer.DEFAULT_TICK_TIME
DEFAULT_JUTE_MAX_BUFFER = 0xFFFFF  # BinaryInputArchive.maxBuffer: one byte less than a mebibyte
_LEAST_EXTRA = 1024  # BinaryInputArchive.extraMaxBuffer
_MOST_BYTES = 0x7FFFFFFF  # what the length of an entry can say


@dataclass(frozen=True, slots=True)
class SaslSettings:
    """Whom SASL DIGEST-MD5 lets in.

    ``users``: passwords by name. ``super_users``: who may do everything. ``allow_failed_clients``:
    who has not proven anything goes on without (``allowSaslFailedClients``).
    """

    users: Mapping[str, str] = field(repr=False)
    super_users: frozenset[str] = frozenset()
    allow_failed_clients: bool = False


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Limits of one server; a value that ZooKeeper has carries ZooKeeper's default.

    Times are milliseconds, sizes bytes. 0 means "no limit" for every count unless said otherwise.
    """

    server_id: int = 0
    tick_time_ms: int = DEFAULT_TICK_TIME_MS
    # -1: twice and twenty times the tick (ZooKeeperServer.setMinSessionTimeout).
    min_session_timeout_ms: int = -1
    max_session_timeout_ms: int = -1
    jute_max_buffer: int = DEFAULT_JUTE_MAX_BUFFER
    jute_max_buffer_extra: int | None = None  # None: as much again
    # A member's: sessions begin as its own, and become the ensemble's on need, or never.
    local_sessions_enabled: bool = False
    local_sessions_upgrading_enabled: bool = False

    # Connections.
    max_client_cnxns: int = 60  # per source address
    max_cnxns: int = 0  # in all
    # Time for the handshake, and for half a frame before it (nio.sessionlessCnxnTimeout).
    sessionless_timeout_ms: int = 10_000
    # A client that lets this much pile up unread is not coming back for it: Apache keeps queueing
    # until the heap is full.
    max_unsent_bytes: int = 64 * 1024 * 1024
    # All of them together; Apache has no such limit.
    max_unsent_total_bytes: int = 256 * 1024 * 1024

    # Requests.
    global_outstanding_limit: int = 1000
    request_throttle_limit: int = 0
    throttled_op_wait_time_ms: int = 0
    large_request_threshold: int = -1
    large_request_max_bytes: int = 100 * 1024 * 1024
    max_response_cache_size: int = 400  # getData and exists replies of 4 KiB; small ones count less

    # Connection throttle (BlueThrottle): tokens, and the share dropped when they run out.
    connection_max_tokens: int = 0
    connection_token_fill_time_ms: int = 1
    connection_token_fill_count: int = 1
    connection_freeze_time_ms: int = -1
    connection_drop_increase: float = 0.02
    connection_drop_decrease: float = 0.002
    connection_decrease_ratio: float = 0.0

    # SASL: None where no users are known, and then every token is taken and proves nothing.
    sasl: SaslSettings | None = None

    # Authentication enforcement (AuthenticationHelper): empty = off.
    enforce_auth_schemes: tuple[str, ...] = ()
    ensemble_auth_names: tuple[str, ...] | None = None  # None: the scheme is not configured

    # Snapshots.
    snap_count: int = 100_000
    snap_size_limit_bytes: int = 4_194_304 * 1024

    # Container and TTL sweeper (ContainerManager).
    container_check_interval_ms: int = 60_000
    container_max_per_minute: int = 10_000
    container_max_never_used_interval_ms: int = 300_000

    policy: Policy = field(default_factory=Policy)

    @property
    def largest_transaction(self) -> int:
        """Bytes of a log entry that ZooKeeper still reads (``BinaryInputArchive.checkLength``)."""
        extra = self.jute_max_buffer_extra
        extra = max(self.jute_max_buffer if extra is None else extra, _LEAST_EXTRA)
        return min(self.jute_max_buffer + extra, _MOST_BYTES)

    @property
    def session_timeout_bounds_ms(self) -> tuple[int, int]:
        """Smallest and largest session timeout that is granted, in ms."""
        low, high = self.min_session_timeout_ms, self.max_session_timeout_ms
        return (
            self.tick_time_ms * 2 if low == -1 else low,
            self.tick_time_ms * 20 if high == -1 else high,
        )

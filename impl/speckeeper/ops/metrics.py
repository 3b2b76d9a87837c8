"""The metrics of the server: one list, read by `mntr`, by the admin command `monitor` and by
Prometheus.

Names are Apache's (ServerMetrics, ZooKeeperServer.registerMetrics). A row says how to read its
value from the running server when somebody asks; the hot path only counts. Left out is what times
the queues between Java's threads; counters of events that cannot happen are there and say 0.
"""

import os
import resource
import time
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from speckeeper.net.member import Member
from speckeeper.ops.member_view import mode, quorum_values
from speckeeper.ops.running import Running
from speckeeper.ops.version import full_version
from speckeeper.server.reasons import CloseReason
from speckeeper.server.stats import Distribution, ServerStats, Summary
from speckeeper.wire.codes import EventType, OpCode

Number = int | float


class Gauge(NamedTuple):
    """A value that goes up and down."""

    name: str
    help: str
    read: Callable[[Running], Number]


class Counter(NamedTuple):
    """A value that only goes up."""

    name: str
    help: str
    read: Callable[[Running], int]


class CounterSet(NamedTuple):
    """Counters told apart by a key (CounterSet, Prometheus label `key`)."""

    name: str
    help: str
    read: Callable[[Running], Mapping[str, int]]


class SummaryMetric(NamedTuple):
    """Count, sum, smallest, largest and mean; with `advanced`, percentiles in mntr too."""

    name: str
    help: str
    read: Callable[[Running], Summary]
    advanced: bool = False


Metric = Gauge | Counter | CounterSet | SummaryMetric


def _stat(read: Callable[[ServerStats], Number]) -> Callable[[Running], Number]:
    return lambda running: read(running.server.stats)


def _count(read: Callable[[ServerStats], int]) -> Callable[[Running], int]:
    return lambda running: read(running.server.stats)


def _refused(reason: CloseReason) -> Callable[[Running], int]:
    return lambda running: running.server.stats.closed[reason]


def _zero(running: Running) -> int:
    return 0


def _uptime_ms(running: Running) -> int:
    return time.monotonic_ns() // 1_000_000 - running.server.stats.started_ms


def _ephemerals(running: Running) -> int:
    return sum(map(len, running.server.tree.ephemerals.values()))


def _local_sessions(running: Running) -> int:
    tracker = running.server.core.local_sessions
    return 0 if tracker is None else len(tracker.by_id)


def _open_files(running: Running) -> int:
    try:
        return len(os.listdir("/proc/self/fd"))
    except OSError:
        return -1


def _most_files(running: Running) -> int:
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


GAUGES: tuple[Gauge, ...] = (
    Gauge("avg_latency", "mean time to answer a request, ms", _stat(lambda s: s.latency.average)),
    Gauge("max_latency", "longest time to answer a request, ms", _stat(lambda s: s.latency.max)),
    Gauge("min_latency", "shortest time to answer a request, ms", _stat(lambda s: s.latency.min)),
    Gauge("packets_received", "requests and words received", _stat(lambda s: s.packets_received)),
    Gauge("packets_sent", "replies and events sent", _stat(lambda s: s.packets_sent)),
    Gauge("num_alive_connections", "client connections", lambda r: len(r.server.core.connections)),
    Gauge("outstanding_requests", "requests in progress", lambda r: r.outstanding),
    Gauge("uptime", "ms since the server started", _uptime_ms),
    Gauge("znode_count", "nodes, the root counted twice", lambda r: len(r.server.tree.nodes)),
    Gauge("watch_count", "watches", lambda r: len(r.server.watches)),
    Gauge("ephemerals_count", "ephemeral nodes", _ephemerals),
    Gauge("approximate_data_size", "bytes of paths and data", lambda r: r.server.tree.data_size),
    Gauge("global_sessions", "sessions", lambda r: len(r.server.tree.sessions)),
    Gauge("local_sessions", "sessions known to this server only", _local_sessions),
    Gauge("open_file_descriptor_count", "open files and sockets", _open_files),
    Gauge("max_file_descriptor_count", "how many there may be", _most_files),
    Gauge(
        "connection_drop_probability",
        "chance that a new connection is dropped",
        lambda r: float(r.server.throttle.drop_chance),
    ),
    Gauge("last_client_response_size", "bytes of a reply", _stat(lambda s: s.last_response_size)),
    Gauge("max_client_response_size", "bytes of the largest", _stat(lambda s: s.max_response_size)),
    Gauge(
        "min_client_response_size", "bytes of the smallest", _stat(lambda s: s.min_response_size)
    ),
    Gauge("outstanding_tls_handshake", "TLS handshakes in progress", _zero),
    Gauge("auth_failed_count", "failed authentications", _stat(lambda s: s.auth_failed)),
    Gauge("non_mtls_remote_conn_count", "remote admin connections without TLS", _zero),
    Gauge("non_mtls_local_conn_count", "local admin connections without TLS", _zero),
)


def _of_member(read: Callable[[Member], int]) -> Callable[[Running], int]:
    return lambda running: 0 if running.member is None else read(running.member)


# Counters of a member of an ensemble; a standalone server never does any of it.
_QUORUM: tuple[tuple[str, str, Callable[[Member], int]], ...] = (
    ("commit_count", "commits by a leader", lambda m: m.counts.commits),
    ("proposal_count", "proposals by a leader", lambda m: m.counts.proposals),
    ("snap_count", "learners synced by a snapshot", lambda m: m.counts.snapshots_sent),
    ("diff_count", "learners synced by a diff", lambda m: m.peer.diffs_sent),
    ("looking_count", "elections begun", lambda m: m.peer.elections),
    ("revalidate_count", "sessions revalidated for learners", lambda m: m.counts.revalidations),
    (
        "learner_proposal_received_count",
        "proposals received by a learner",
        lambda m: m.counts.proposals_received,
    ),
    (
        "learner_commit_received_count",
        "commits received by a learner",
        lambda m: m.counts.commits_received,
    ),
)

# Counters of what Java's threads would do.
_NEVER = (
    ("quit_leading_due_to_disloyal_voter", "times that a leader stepped down"),
    ("unrecoverable_error_count", "errors that ended a server thread"),
)

_OPS: tuple[tuple[str, tuple[OpCode, ...]], ...] = (
    ("add_watch", (OpCode.ADD_WATCH,)),
    ("check", (OpCode.CHECK,)),
    ("check_watches", (OpCode.CHECK_WATCHES,)),
    ("close_session", (OpCode.CLOSE_SESSION,)),
    ("create", (OpCode.CREATE, OpCode.CREATE2, OpCode.CREATE_TTL, OpCode.CREATE_CONTAINER)),
    ("create_session", (OpCode.CREATE_SESSION,)),
    ("delete", (OpCode.DELETE, OpCode.DELETE_CONTAINER)),
    ("exists", (OpCode.EXISTS,)),
    ("get_acl", (OpCode.GET_ACL,)),
    ("get_all_children_number", (OpCode.GET_ALL_CHILDREN_NUMBER,)),
    ("get_children", (OpCode.GET_CHILDREN, OpCode.GET_CHILDREN2)),
    ("get_data", (OpCode.GET_DATA,)),
    ("get_ephemerals", (OpCode.GET_EPHEMERALS,)),
    ("multi", (OpCode.MULTI,)),
    ("multi_read", (OpCode.MULTI_READ,)),
    ("ping", (OpCode.PING,)),
    ("reconfig", (OpCode.RECONFIG,)),
    ("remove_watches", (OpCode.REMOVE_WATCHES,)),
    ("set_acl", (OpCode.SET_ACL,)),
    ("set_data", (OpCode.SET_DATA,)),
    ("set_watches", (OpCode.SET_WATCHES, OpCode.SET_WATCHES2)),
    ("sync", (OpCode.SYNC,)),
    ("who_am_i", (OpCode.WHO_AM_I,)),
)


def _answered(ops: tuple[OpCode, ...]) -> Callable[[Running], int]:
    return lambda running: sum(running.server.stats.ops[op] for op in ops)


COUNTERS: tuple[Counter, ...] = (
    Counter(
        "connection_request_count", "handshakes let in", _count(lambda s: s.connection_requests)
    ),
    Counter("connection_drop_count", "connections lost", _count(lambda s: s.connections_dropped)),
    Counter("connection_rejected", "connections refused", _count(lambda s: s.connections_rejected)),
    Counter(
        "connection_revalidate_count",
        "sessions reopened",
        _count(lambda s: s.connections_revalidated),
    ),
    Counter("bytes_received_count", "bytes received", _count(lambda s: s.bytes_received)),
    Counter(
        "sessionless_connections_expired",
        "connections closed for want of a handshake",
        _count(lambda s: s.sessionless_expired),
    ),
    Counter("stale_sessions_expired", "sessions expired", _count(lambda s: s.sessions_expired)),
    Counter("throttled_ops", "requests answered with -127", _count(lambda s: s.throttled_ops)),
    Counter(
        "request_throttle_wait_count",
        "requests that had to wait for others",
        _count(lambda s: s.throttle_waits),
    ),
    Counter(
        "stale_requests_dropped",
        "requests of closed connections dropped",
        _count(lambda s: s.stale_requests_dropped),
    ),
    Counter(
        "large_requests_rejected",
        "large requests refused",
        _count(lambda s: s.large_requests_rejected),
    ),
    Counter(
        "large_transactions_refused",
        "transactions too long for a log that ZooKeeper can read",
        lambda running: running.server.pipeline.kept_short,
    ),
    Counter(
        "digest_mismatches_count",
        "transactions whose digest differed from the tree's",
        lambda r: r.server.tree.digests.mismatches,
    ),
    Counter("snapshot_error_count", "failed snapshots", lambda r: r.admin.snapshot_errors),
    Counter(
        "snapshot_rate_limited_count",
        "admin snapshots refused, too many",
        lambda r: r.admin.snapshot_rate_limited,
    ),
    Counter("restore_error_count", "failed restores", lambda r: r.admin.restore_errors),
    Counter(
        "restore_rate_limited_count",
        "restores refused, too many",
        lambda r: r.admin.restore_rate_limited,
    ),
    Counter(
        "fsync_threshold_exceed_count",
        "fsyncs longer than fsync.warningthresholdms",
        lambda r: r.service.disk.slow_syncs,
    ),
    Counter(
        "unsuccessful_handshake",
        "failed TLS handshakes of clients",
        _refused(CloseReason.FAILED_HANDSHAKE),
    ),
    Counter(
        "tls_handshake_exceeded",
        "TLS handshakes of clients refused, too many in progress",
        _refused(CloseReason.TOO_MANY_HANDSHAKES),
    ),
    *(Counter(name, text, _of_member(read)) for name, text, read in _QUORUM),
    *(Counter(name, text, _zero) for name, text in _NEVER),
    Counter(
        "insecure_admin_count",
        "admin requests without TLS where TLS is taken too",
        lambda r: r.admin.insecure,
    ),
    Counter("op_count_total", "requests answered", lambda r: r.server.stats.ops.total()),
    *(Counter(f"op_count_{name}", f"{name} answered", _answered(ops)) for name, ops in _OPS),
)


def _closed(running: Running) -> dict[str, int]:
    closed = running.server.stats.closed
    return {reason.value: closed[reason] for reason in CloseReason}


COUNTER_SETS: tuple[CounterSet, ...] = (
    CounterSet("connections_closed", "connections closed or refused, by reason", _closed),
)


def _events(kind: EventType) -> Callable[[Running], Summary]:
    return lambda running: running.server.stats.events[kind]


SUMMARIES: tuple[SummaryMetric, ...] = (
    SummaryMetric("fsynctime", "ms to write and sync a group", lambda r: r.service.disk.sync_ms),
    SummaryMetric("snapshottime", "ms to take a snapshot", lambda r: r.snapshotter.durations_ms),
    SummaryMetric("restore_time", "ms to restore a snapshot", lambda r: r.admin.restore_time),
    SummaryMetric("dbinittime", "ms to load the data", lambda r: r.start.database_init_time),
    SummaryMetric(
        "startup_txns_loaded", "transactions replayed at the start", lambda r: r.start.transactions
    ),
    SummaryMetric("startup_txns_load_time", "ms to replay them", lambda r: r.start.log_load_time),
    SummaryMetric(
        "startup_snap_load_time", "ms to load the snapshot", lambda r: r.start.snapshot_load_time
    ),
    SummaryMetric(
        "sync_processor_batch_size", "transactions in a group", lambda r: r.server.stats.batch_size
    ),
    SummaryMetric(
        "node_created_watch_count", "watchers told of a creation", _events(EventType.NODE_CREATED)
    ),
    SummaryMetric(
        "node_deleted_watch_count", "watchers told of a deletion", _events(EventType.NODE_DELETED)
    ),
    SummaryMetric(
        "node_changed_watch_count",
        "watchers told of a change",
        _events(EventType.NODE_DATA_CHANGED),
    ),
    SummaryMetric(
        "node_children_watch_count",
        "watchers told of a change among children",
        _events(EventType.NODE_CHILDREN_CHANGED),
    ),
    SummaryMetric(
        "readlatency", "ms to answer a read", lambda r: r.server.stats.read_latency, True
    ),
    SummaryMetric(
        "updatelatency", "ms to answer a write", lambda r: r.server.stats.update_latency, True
    ),
)

_NOTHING = Distribution()


def _taken(read: Callable[[Member], Summary]) -> Callable[[Running], Summary]:
    return lambda running: _NOTHING if running.member is None else read(running.member)


# Summaries of a member of an ensemble.
QUORUM_SUMMARIES: tuple[SummaryMetric, ...] = (
    SummaryMetric("election_time", "ms to elect a leader", _taken(lambda m: m.times.election)),
    SummaryMetric(
        "unavailable_time", "ms without service to clients", _taken(lambda m: m.times.unavailable)
    ),
    SummaryMetric(
        "leader_unavailable_time",
        "the same, where this server led then",
        _taken(lambda m: m.times.leader_unavailable),
    ),
    SummaryMetric(
        "follower_sync_time",
        "ms for a follower to be synchronized",
        _taken(lambda m: m.times.follower_sync),
    ),
    SummaryMetric(
        "observer_sync_time",
        "ms for an observer to be synchronized",
        _taken(lambda m: m.times.observer_sync),
    ),
    SummaryMetric(
        "propagation_latency",
        "ms from a transaction's proposal to its application here",
        _taken(lambda m: m.counts.quorum_ack_latency.plus(m.counts.commit_propagation_latency)),
        True,
    ),
    SummaryMetric(
        "quorum_ack_latency",
        "ms from a leader's proposal to its commit",
        _taken(lambda m: m.counts.quorum_ack_latency),
        True,
    ),
    SummaryMetric(
        "commit_propagation_latency",
        "ms from a proposal to its commit at a learner",
        _taken(lambda m: m.counts.commit_propagation_latency),
        True,
    ),
)

METRICS: tuple[Metric, ...] = (
    *GAUGES,
    *COUNTERS,
    *COUNTER_SETS,
    *SUMMARIES,
    *QUORUM_SUMMARIES,
)
"""All metrics, in the order of mntr."""

_PERCENTILES = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999))


def monitor_values(running: Running) -> Iterator[tuple[str, str | Number]]:
    """Yield the keys and values of `mntr`, without `zk_`; raises `NotServing`."""
    assert running.service
    yield "version", full_version()
    yield "server_state", mode(running)
    yield from quorum_values(running)
    for metric in METRICS:
        if isinstance(metric, Gauge | Counter):
            yield metric.name, metric.read(running)
        elif isinstance(metric, CounterSet):
            for key, value in metric.read(running).items():
                yield f"{key}_{metric.name}", value
        else:
            yield from _summary_values(metric, metric.read(running))


def _summary_values(metric: SummaryMetric, summary: Summary) -> Iterator[tuple[str, Number]]:
    yield f"avg_{metric.name}", summary.average
    yield f"min_{metric.name}", summary.min
    yield f"max_{metric.name}", summary.max
    yield f"cnt_{metric.name}", summary.count
    yield f"sum_{metric.name}", summary.total
    if metric.advanced and isinstance(summary, Distribution):
        for name, part in _PERCENTILES:
            yield f"{name}_{metric.name}", int(summary.quantile(part) + 0.5)

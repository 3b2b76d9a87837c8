"""What the page shows of a server: of this one, and out of what others answer.

The names are those of `monitor` where it has them. Numbers too long for a browser (zxids) are text.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from speckeeper.ops.member_view import mode, peer_state, shown_server_id
from speckeeper.ops.metrics import monitor_values
from speckeeper.ops.running import Running
from speckeeper.ops.status import ServerStatus

_WORDS = ("role", "state", "version", "zxid")
_NUMBERS = (
    "accepted_epoch",
    "current_epoch",
    "leader",
    "uptime_ms",
    "sessions",
    "local_sessions",
    "connections",
    "watches",
    "nodes",
    "ephemerals",
    "outstanding",
    "received",
    "sent",
    "reads",
    "reads_ms",
    "reads_p99_ms",
    "writes",
    "writes_ms",
    "writes_p99_ms",
)
_LONGEST_WORD = 200


@dataclass
class Figures:
    """One server; None: it does not say. ``reads_ms``: all of them together, as ``writes_ms``."""

    role: str | None = None
    state: str | None = None
    version: str | None = None
    zxid: str | None = None
    accepted_epoch: int | None = None
    current_epoch: int | None = None
    leader: int | None = None
    uptime_ms: int | None = None
    sessions: int | None = None
    local_sessions: int | None = None
    connections: int | None = None
    watches: int | None = None
    nodes: int | None = None
    ephemerals: int | None = None
    outstanding: int | None = None
    received: int | None = None
    sent: int | None = None
    reads: int | None = None
    reads_ms: float | None = None
    reads_p99_ms: float | None = None
    writes: int | None = None
    writes_ms: float | None = None
    writes_p99_ms: float | None = None
    server_id: int | None = None


def own_figures(running: Running) -> Figures:
    """Return those of this server, whether it serves or not."""
    figures = Figures(role=mode(running), server_id=shown_server_id(running))
    member = running.member
    if member is not None:
        peer = member.peer
        figures.state = peer_state(member)
        figures.accepted_epoch, figures.current_epoch = peer.accepted_epoch, peer.current_epoch
        figures.zxid = f"{peer.last_zxid % (1 << 64):#x}"
        if peer.leader is not None:
            figures.leader = peer.settings.server_id
        elif peer.learner is not None:
            figures.leader = peer.learner.leader
    if running.is_serving:
        take_monitor(figures, dict(monitor_values(running)))
        figures.zxid = f"{running.server.tree.last_processed_zxid % (1 << 64):#x}"
    return figures


def take_monitor(figures: Figures, values: Mapping[str, object]) -> None:
    """Take what the command `monitor` says, SpecKeeper's or Apache's."""
    figures.role = _word(values.get("server_state")) or figures.role
    figures.version = _word(values.get("version"))
    figures.state = _word(values.get("peer_state")) or figures.state
    figures.uptime_ms = _whole(values.get("uptime"))
    figures.sessions = _whole(values.get("global_sessions"))
    figures.local_sessions = _whole(values.get("local_sessions"))
    figures.connections = _whole(values.get("num_alive_connections"))
    figures.watches = _whole(values.get("watch_count"))
    figures.nodes = _whole(values.get("znode_count"))
    figures.ephemerals = _whole(values.get("ephemerals_count"))
    figures.outstanding = _whole(values.get("outstanding_requests"))
    figures.received = _whole(values.get("packets_received"))
    figures.sent = _whole(values.get("packets_sent"))
    figures.reads = _whole(values.get("cnt_readlatency"))
    figures.reads_ms = _number(values.get("sum_readlatency"))
    figures.reads_p99_ms = _number(values.get("p99_readlatency"))
    figures.writes = _whole(values.get("cnt_updatelatency"))
    figures.writes_ms = _number(values.get("sum_updatelatency"))
    figures.writes_p99_ms = _number(values.get("p99_updatelatency"))


def figures_of_page(answer: Mapping[str, object]) -> Figures:
    """Return what another server's page says of itself; nothing else of the answer is taken."""
    figures = Figures(server_id=_whole(answer.get("server_id")))
    for name in _WORDS:
        setattr(figures, name, _word(answer.get(name)))
    for name in _NUMBERS:
        setattr(figures, name, _number(answer.get(name)))
    return figures


def figures_of_commands(
    configuration: Mapping[str, object],
    monitor: Mapping[str, object],
    server_stats: Mapping[str, object],
) -> Figures:
    """Return what the answers to three commands of Apache's AdminServer say."""
    figures = Figures(server_id=_whole(configuration.get("server_id")))
    take_monitor(figures, monitor)
    stats = server_stats.get("server_stats")
    zxid = _whole(stats.get("last_processed_zxid")) if isinstance(stats, Mapping) else None
    figures.zxid = None if zxid is None else f"{zxid % (1 << 64):#x}"
    return figures


def figures_of_word(status: ServerStatus) -> Figures:
    """Return what the answer to `srvr` says."""
    return Figures(
        role=_word(status.mode),
        version=_word(status.version),
        zxid=_word(status.zxid),
        connections=status.connections,
        nodes=status.nodes,
        outstanding=status.outstanding,
        received=status.received,
        sent=status.sent,
    )


def lag_of(figures: Figures, leader: Figures | None) -> int | None:
    """Return how many transactions a server is behind the leader, None where that has no answer.

    Each was asked at a time of its own; a server that was asked later may be ahead, which is 0.
    """
    if leader is None or figures.zxid is None or leader.zxid is None:
        return None
    try:
        own, of_leader = int(figures.zxid, 16), int(leader.zxid, 16)
    except ValueError:
        return None
    if own >> 32 != of_leader >> 32:
        return 0 if own > of_leader else None
    return max(of_leader - own, 0)


def as_json(figures: Figures) -> dict[str, object]:
    """Return what goes into an answer."""
    return asdict(figures)


def _word(value: object) -> str | None:
    return value[:_LONGEST_WORD] if isinstance(value, str) else None


def _number(value: object) -> int | float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _whole(value: object) -> int | None:
    if isinstance(value, str) and value.lstrip("-").isascii() and value.lstrip("-").isdigit():
        value = int(value[:20])
    return value if isinstance(value, int) and not isinstance(value, bool) else None

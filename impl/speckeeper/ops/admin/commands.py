"""Commands of the AdminServer: one function each, with the keys of Apache's answers.

ZooKeeper: org.apache.zookeeper.server.admin.Commands. `COMMANDS` is the registry; net and HTTP are
elsewhere (`admin_site`). Commands that send or take a snapshot are in `admin_snapshots`.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from speckeeper.ops.admin.jackson import WAIT, Items, Members, Wait, in_order
from speckeeper.ops.config.keys import PREFIX, find_key
from speckeeper.ops.environment import environment
from speckeeper.ops.hosts import bracketed
from speckeeper.ops.member_view import (
    is_learner,
    is_read_only,
    leader_id,
    proposal_sizes,
    shown_server_id,
)
from speckeeper.ops.metrics import monitor_values
from speckeeper.ops.op_names import op_name
from speckeeper.ops.running import Running, directory_size, interest_ops
from speckeeper.ops.version import full_version
from speckeeper.server.connection import Connection
from speckeeper.tree.digest import DIGEST_VERSION
from speckeeper.wire.election import ServerState
from speckeeper.wire.quorum_config import ConfiguredServer, Endpoint

Answer = dict[str, object]
Parameters = Mapping[str, str]

_PER_TURN = 500
_DIGITS = re.compile(r"[+-]?\d{1,1000}")


class CommandError(Exception):
    """A command that could not be carried out; the text goes to the key `error`."""


@dataclass(frozen=True)
class Command:
    """A command that answers with JSON: names (the first is the primary one), what it does, help.

    `needs_server`: without a server the answer is an error. `large`: the answer may be long, holds
    `Members` and `Items`, depends on no parameter, and is made in turns.
    """

    names: tuple[str, ...]
    answer: Callable[[Running, Parameters], Answer]
    help: str
    needs_server: bool = True
    large: bool = False


def configuration(running: Running, parameters: Parameters) -> Answer:
    """ZooKeeperServerConf.toMap."""
    settings = running.server.settings
    least, most = settings.session_timeout_bounds_ms
    return {
        "client_port": running.client_port,
        "data_dir": str(running.snapshot_directory),
        "data_log_dir": str(running.log_directory),
        "tick_time": settings.tick_time_ms,
        "max_client_cnxns": settings.max_client_cnxns,
        "min_session_timeout": least,
        "max_session_timeout": most,
        "server_id": shown_server_id(running),
        "client_port_listen_backlog": running.config.number("clientPortListenBacklog"),
    }


def connections(running: Running, parameters: Parameters) -> Answer:
    """Details of every connection."""
    return _by_port(running, brief=False)


def _by_port(running: Running, brief: bool) -> Answer:
    found = running.connections

    def of_port(secure: bool) -> Items:
        return Items(_connection(each, brief) for each in found if each.secure is secure)

    return {"connections": of_port(False), "secure_connections": of_port(True)}


def _connection(connection: Connection, brief: bool) -> Answer:
    """ServerCnxn.getConnectionInfo."""
    info: Answer = {
        "remote_socket_address": connection.address,
        "interest_ops": interest_ops(connection),
        "outstanding_requests": connection.outstanding,
        "packets_received": connection.packets_received,
        "packets_sent": connection.packets_sent,
    }
    if not brief:
        info |= {
            "session_id": connection.session_id,
            "last_operation": op_name(connection.last_op),
            "established": connection.established_ms,
            "session_timeout": connection.timeout_ms,
            "last_cxid": connection.last_cxid,
            "last_zxid": connection.last_zxid,
            "last_response_time": connection.last_response_ms,
            "last_latency": connection.last_latency_ms,
            "min_latency": connection.shown_min_latency_ms,
            "avg_latency": connection.average_latency_ms,
            "max_latency": connection.max_latency_ms,
        }
    return info


def connection_stat_reset(running: Running, parameters: Parameters) -> Answer:
    """Reset the numbers of all connections."""
    running.reset_connection_stats()
    return {}


def dirs(running: Running, parameters: Parameters) -> Answer:
    """Bytes on disk."""
    return {
        "datadir_size": directory_size(running.snapshot_directory),
        "logdir_size": directory_size(running.log_directory),
    }


def dump(running: Running, parameters: Parameters) -> Answer:
    """Sessions by the time they expire, ephemeral nodes by session."""
    server = running.server
    return {
        "expiry_time_to_session_ids": Members(_expiring(running)),
        "session_id_to_ephemeral_paths": Members(
            (session, Items(in_order(paths)))
            for session in list(server.tree.ephemerals)
            if (paths := server.tree.ephemerals.get(session))
        ),
    }


def _expiring(running: Running) -> Iterator[tuple[int, list[int]] | Wait]:
    """Yield times and the sessions that expire then; a learner tells of none."""
    if is_learner(running):
        return
    server = running.server
    buckets: dict[int, list[int]] = {}
    for tracker in (server.core.local_sessions, server.sessions):
        if tracker is None:
            continue
        for number, session in enumerate(list(tracker.by_id.values())):
            buckets.setdefault(tracker.expiry_of(session), []).append(session.id)
            if number % _PER_TURN == 0:
                yield WAIT
    for expires_ms in sorted(buckets):
        yield expires_ms, sorted(buckets[expires_ms])


def environment_(running: Running, parameters: Parameters) -> Answer:
    """Version and surroundings of the process."""
    return dict(environment())


def get_trace_mask(running: Running, parameters: Parameters) -> Answer:
    """Return the trace mask."""
    return {"tracemask": running.trace_mask}


def set_trace_mask(running: Running, parameters: Parameters) -> Answer:
    """Set the trace mask to the parameter traceMask."""
    text = parameters.get("traceMask")
    if text is None:
        raise CommandError("setTraceMask requires long traceMask argument")
    # As Long.parseLong, which takes zeros in front; int() takes some 4000 digits only.
    number = int(text) if _DIGITS.fullmatch(text) else None
    if number is None or not -(1 << 63) <= number < 1 << 63:
        raise CommandError(f"setTraceMask requires long traceMask argument, got {text}")
    running.trace_mask = number
    return get_trace_mask(running, parameters)


def hash_(running: Running, parameters: Parameters) -> Answer:
    """Digests of the tree by zxid."""
    log = running.server.tree.digests.log
    return {
        "digests": [
            {"zxid": zxid, "digest_version": DIGEST_VERSION, "digest": digest}
            for zxid, digest in log
        ]
    }


def initial_configuration(running: Running, parameters: Parameters) -> Answer:
    """Return the text of the configuration file."""
    return {"initial_configuration": running.config.text}


def is_read_only_(running: Running, parameters: Parameters) -> Answer:
    """Whether the server is in read-only mode."""
    return {"read_only": is_read_only(running)}


def last_snapshot(running: Running, parameters: Parameters) -> Answer:
    """Zxid and time (s) of the newest snapshot written, or of the one loaded at the start."""
    service = running.service
    newest = running.snapshotter.last
    path = service.report.snapshot if newest is None else newest.path
    zxid = service.report.snapshot_zxid if newest is None else newest.zxid
    try:
        timestamp = int(path.stat().st_mtime) if path is not None else -1
    except OSError:
        timestamp = -1
    return {"zxid": f"{zxid & 0xFFFFFFFFFFFFFFFF:x}", "timestamp": timestamp}


def leader(running: Running, parameters: Parameters) -> Answer:
    """Who leads; a server alone, or in read-only mode, has no leader, and the text is Apache's."""
    member = running.member
    if member is None or member.serving is None:
        raise CommandError("server is not initialized")
    found = leader_id(member)
    server = member.server_of(found)
    return {
        "is_leader": member.peer.leader is not None,
        "leader_id": found,
        "leader_ip": "" if server is None else server.endpoints[0].host,
    }


def monitor(running: Running, parameters: Parameters) -> Answer:
    """All metrics."""
    return dict(monitor_values(running)) if running.is_serving else {}


def nothing(running: Running, parameters: Parameters) -> Answer:
    """Answer, and that is all there is to say."""
    return {}


def observers(running: Running, parameters: Parameters) -> Answer:
    """The observers that a leader informs."""
    found = [] if running.member is None else running.member.observer_links()
    told = [
        {
            "remote_socket_address": link.address,
            "sid": server_id,
            "established": link.established_ms,
            "queued_packets": int(link.queued_bytes > 0),
            "queued_packets_size": link.queued_bytes,
            "packets_received": link.packets_received,
            "packets_sent": link.packets_sent,
            "requests": link.requests,
            "last_zxid": link.last_zxid,
        }
        for server_id, link in found
    ]
    return {"synced_observers": len(told), "observers": told}


def observer_stat_reset(running: Running, parameters: Parameters) -> Answer:
    """Reset the numbers of the observers' links."""
    for _, link in [] if running.member is None else running.member.observer_links():
        link.reset()
    return {}


def server_stats(running: Running, parameters: Parameters) -> Answer:
    """Version, traffic, latency, zxid, mode, number of nodes (ServerStats as Jackson writes it)."""
    server = running.server
    stats = server.stats
    sizes = {
        "last_buffer_size": stats.last_response_size,
        "min_buffer_size": stats.min_response_size,
        "max_buffer_size": stats.max_response_size,
    }
    metrics = dict(monitor_values(running))
    proposals = proposal_sizes(running)
    return {
        "version": full_version(),
        "read_only": is_read_only(running),
        "server_stats": {
            "packets_sent": stats.packets_sent,
            "packets_received": stats.packets_received,
            "fsync_threshold_exceed_count": running.service.disk.slow_syncs,
            "client_response_stats": sizes,
            "data_dir_size": directory_size(running.snapshot_directory),
            "log_dir_size": directory_size(running.log_directory),
            "server_state": metrics["server_state"],
            "last_processed_zxid": server.tree.last_processed_zxid,
            "outstanding_requests": running.outstanding,
            "avg_latency": stats.latency.average,
            "max_latency": stats.latency.max,
            "min_latency": stats.latency.min,
            "num_alive_client_connections": len(server.core.connections),
            "uptime": metrics["uptime"],
            "auth_failed_count": stats.auth_failed,
            "non_mtlsremote_conn_count": 0,
            "non_mtlslocal_conn_count": 0,
            "provider_null": False,
        },
        "client_response": sizes,
        "node_count": len(server.tree.nodes),
        **({} if proposals is None else {"proposal_stats": _proposal_stats(proposals)}),
    }


def _proposal_stats(sizes: tuple[int, int, int]) -> Answer:
    last, least, most = sizes
    return {"last_buffer_size": last, "min_buffer_size": least, "max_buffer_size": most}


def stats_(running: Running, parameters: Parameters) -> Answer:
    """As server_stats, with the connections."""
    return {**server_stats(running, parameters), **_by_port(running, brief=True)}


def stat_reset(running: Running, parameters: Parameters) -> Answer:
    """Reset the numbers of the server."""
    running.reset_stats()
    return {}


def system_properties(running: Running, parameters: Parameters) -> Answer:
    """Configuration keys that were set and that Apache keeps as Java properties, sorted."""
    properties: dict[str, str] = {}
    for name, text in running.config.given.items():
        key = find_key(name)
        if key is not None and key.system:
            bare = key.name in _BARE
            secret = "password" in name.lower() or "superdigest" in name.lower()
            properties[name if bare else PREFIX + name] = "***" if secret else text
    return dict(sorted(properties.items()))


_BARE = frozenset({"jute.maxbuffer", "readonlymode.enabled", "java.security.auth.login.config"})


def voting_view(running: Running, parameters: Parameters) -> Answer:
    """The voting members, by id; none where there is no ensemble to ask about."""
    member = running.member
    if member is None or member.serving is None:
        return {"current_config": {}}
    active = member.peer.membership.active
    return {
        "current_config": {
            str(server.id): _voter(server) for server in active.servers if not server.observer
        }
    }


def _voter(server: ConfiguredServer) -> Answer:
    """QuorumServerView."""
    client = server.client
    return {
        "server_addresses": [f"{each.host}:{each.quorum_port}" for each in server.endpoints],
        "election_addresses": [f"{each.host}:{each.election_port}" for each in server.endpoints],
        "client_address": "" if client is None else f"{client[0]}:{client[1]}",
        "learner_type": "participant",
    }


def watches(running: Running, parameters: Parameters) -> Answer:
    """Watched paths by session."""
    found = (
        (connection.session_id, Items(in_order(paths)))
        for connection, paths in running.server.watches.data.sets_by_watcher()
    )
    return {"session_id_to_watched_paths": Members(found)}


def watches_by_path(running: Running, parameters: Parameters) -> Answer:
    """Watching sessions by path."""
    found = (
        (path, Items(connection.session_id for connection in watchers))
        for path, watchers in running.server.watches.data.by_path()
    )
    return {"path_to_session_ids": Members(found)}


def watch_summary(running: Running, parameters: Parameters) -> Answer:
    """How many watches there are."""
    summary = running.server.watches.data.summary()
    return {
        "num_connections": summary.watchers,
        "num_paths": summary.paths,
        "num_total_watches": summary.watches,
    }


def zabstate(running: Running, parameters: Parameters) -> Answer:
    """Phase of the protocol, and the member's addresses (QuorumPeer.ZabState)."""
    member = running.member
    if member is None or member.serving is None:
        return {"voting": False, "zabstate": ""}
    peer = member.peer
    own = member.own
    zxid = running.server.tree.last_processed_zxid
    host = running.config.string("clientPortAddress") or "0.0.0.0"
    return {
        "myid": own.id,
        "is_leader": member.serving is ServerState.LEADING,
        "quorum_address": _addresses(own.endpoints, lambda each: each.quorum_port),
        "election_address": _addresses(own.endpoints, lambda each: each.election_port),
        "client_address": f"{bracketed(host)}:{running.client_port}",
        "voting": peer.membership.votes(own.id),
        "last_zxid": f"{zxid:#x}",
        "zab_epoch": zxid >> 32,
        "zab_counter": zxid & 0xFFFFFFFF,
        "zabstate": peer.zab_state.name.lower(),
    }


def _addresses(endpoints: Sequence[Endpoint], port_of: Callable[[Endpoint], int]) -> Answer:
    """MultipleAddresses as Jackson writes it; nobody has asked whether they can be reached."""
    shown = [f"{bracketed(each.host)}:{port_of(each)}" for each in endpoints]
    return {
        "empty": not shown,
        "all_addresses": shown,
        "wildcard_addresses": [f"0.0.0.0:{port_of(each)}" for each in endpoints],
        "all_ports": [port_of(each) for each in endpoints],
        "all_host_strings": [each.host for each in endpoints],
        "reachable_address": shown[0],
        "all_reachable_addresses": shown,
        "all_reachable_addresses_or_all": shown,
        "reachable_or_one": shown[0],
        "one": shown[0],
    }


COMMANDS: tuple[Command, ...] = (
    Command(("configuration", "conf", "config"), configuration, "configuration in force"),
    Command(
        ("connection_stat_reset", "crst"),
        connection_stat_reset,
        "reset the numbers of all connections",
    ),
    Command(("connections", "cons"), connections, "details of every connection", large=True),
    Command(("dirs",), dirs, "bytes of snapshots and logs on disk"),
    Command(("dump",), dump, "sessions and ephemeral nodes", large=True),
    Command(("environment", "env", "envi"), environment_, "surroundings of the process", False),
    Command(("get_trace_mask", "gtmk"), get_trace_mask, "the trace mask", False),
    Command(("hash",), hash_, "digests of the tree by zxid"),
    Command(("initial_configuration", "icfg"), initial_configuration, "text of zoo.cfg"),
    Command(("is_read_only", "isro"), is_read_only_, "whether in read-only mode"),
    Command(("last_snapshot", "lsnp"), last_snapshot, "zxid and time of the newest snapshot"),
    Command(("leader", "lead"), leader, "the leader of the ensemble"),
    Command(("monitor", "mntr"), monitor, "all metrics", False),
    Command(
        ("observer_connection_stat_reset", "orst"),
        observer_stat_reset,
        "reset the numbers of observers",
    ),
    Command(("observers", "obsr"), observers, "the observers of the ensemble"),
    Command(("ruok",), nothing, "no error if the server serves"),
    Command(("server_stats", "srvr"), server_stats, "version, latency, traffic, zxid, mode"),
    Command(("set_trace_mask", "stmk"), set_trace_mask, "set the trace mask (?traceMask=)", False),
    Command(("stat_reset", "srst"), stat_reset, "reset the numbers of the server"),
    Command(("stats", "stat"), stats_, "as server_stats, with the clients", large=True),
    Command(
        ("system_properties", "sysp"), system_properties, "system properties that are set", False
    ),
    Command(("voting_view",), voting_view, "voting members of the ensemble"),
    Command(("watch_summary", "wchs"), watch_summary, "number of watches"),
    Command(("watches", "wchc"), watches, "watched paths by session", large=True),
    Command(("watches_by_path", "wchp"), watches_by_path, "watching sessions by path", large=True),
    Command(("zabstate",), zabstate, "state of the protocol", False),
)
"""Every command that answers with JSON, sorted by primary name."""

"""Four-letter words: the commands that any telnet can send before a handshake.

One function per word, with the lines of Apache's answer; `WORDS` is the registry. ZooKeeper:
package server.command, ServerCnxn.dumpConnectionInfo, ServerStats.toString, ExpiryQueue.dump.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from typing import NamedTuple

from speckeeper.ops.config.zoo_cfg import Config
from speckeeper.ops.environment import environment
from speckeeper.ops.member_view import (
    configuration_lines,
    is_learner,
    is_read_only,
    mode,
    proposal_sizes,
    shown_server_id,
)
from speckeeper.ops.metrics import monitor_values
from speckeeper.ops.op_names import op_name
from speckeeper.ops.running import NotServing, Running, directory_size, interest_ops
from speckeeper.ops.version import full_version
from speckeeper.server.connection import Connection
from speckeeper.server.sessions import SessionTracker

#: Sent by telnet when its user interrupts it; as the length of a frame it would be negative.
TELNET_BREAK = "\xff\xf4\xff\xfd"

_WORD_SIZE = 4
_MASK_SIZE = 8


# What needs no server to answer (the others ask isZKServerRunning).
_WITHOUT_SERVER = frozenset(("ruok", "envi", "gtmk", "stmk", "isro"))


class Word(NamedTuple):
    """A command: what it answers, and one sentence of help."""

    answer: Callable[[Running], str]
    help: str


class FourLetterWords:
    """Answers the first bytes of a connection, for the client port."""

    def __init__(self, running: Running) -> None:
        self._running = running
        listed = running.config.values["4lw.commands.whitelist"]
        words = set(listed) if isinstance(listed, tuple) else set()
        self.allowed = set(WORDS) if "*" in words else words & set(WORDS)
        self.allowed.add("srvr")  # zkServer.sh status depends on it
        if running.config.values["readonlymode.enabled"]:
            self.allowed.add("isro")  # Java clients ask it when they look for a writable server

    def __call__(self, text: str) -> bytes | None:
        """Return the answer to a word, after which to close; None if it is no word, or
        `stmk` without all of its mask.

        `text` is four characters, with the eight bytes of the mask (latin-1) behind `stmk`.
        """
        name = text[:_WORD_SIZE]
        if name == TELNET_BREAK:
            return b""
        word = WORDS.get(name)
        if word is None:
            return None
        if name not in self.allowed:
            return f"{name} is not executed because it is not in the whitelist.\n".encode()
        if name == "stmk":
            if len(text) < _WORD_SIZE + _MASK_SIZE:
                return None
            mask = text[_WORD_SIZE:].encode("latin-1", "replace")
            self._running.trace_mask = int.from_bytes(mask, "big", signed=True)
        try:
            if name not in _WITHOUT_SERVER and not self._running.serves_clients:
                raise NotServing
            return word.answer(self._running).encode()
        except NotServing as error:
            return (str(error) + ("" if name == "hash" else "\n")).encode()


def unknown_words(config: Config) -> Iterator[str]:
    """Yield a line for each word on the whitelist that there is not."""
    listed = config.values["4lw.commands.whitelist"]
    for word in listed if isinstance(listed, tuple) else ():
        if word != "*" and word not in WORDS:
            similar = get_close_matches(word, WORDS, n=1, cutoff=0.5)
            hint = f"did you mean {similar[0]}?" if similar else "it is ignored"
            yield f"4lw.commands.whitelist: there is no word {word}, {hint}"


def _lines(lines: Iterable[str]) -> str:
    return "".join(line + "\n" for line in lines)


def ruok(running: Running) -> str:
    """imok."""
    return "imok"


def isro(running: Running) -> str:
    """rw, ro in read-only mode, or null when there is no server."""
    if not running.serves_clients:
        return "null"
    return "ro" if is_read_only(running) else "rw"


def conf(running: Running) -> str:
    """What the server was configured to be (ZooKeeperServer.dumpConf)."""
    settings = running.server.settings
    least, most = settings.session_timeout_bounds_ms
    return _lines(
        (
            f"clientPort={running.client_port}",
            f"secureClientPort={running.secure_client_port}",
            f"dataDir={running.snapshot_directory}",
            f"dataDirSize={directory_size(running.snapshot_directory)}",
            f"dataLogDir={running.log_directory}",
            f"dataLogSize={directory_size(running.log_directory)}",
            f"tickTime={settings.tick_time_ms}",
            f"maxClientCnxns={settings.max_client_cnxns}",
            f"minSessionTimeout={least}",
            f"maxSessionTimeout={most}",
            f"clientPortListenBacklog={running.config.number('clientPortListenBacklog')}",
            f"serverId={shown_server_id(running)}",
        )
    ) + configuration_lines(running)


def _stats(running: Running) -> list[str]:
    server = running.server
    stats = server.stats
    latency = stats.latency
    return [
        f"Latency min/avg/max: {latency.min}/{latency.average}/{latency.max}",
        f"Received: {stats.packets_received}",
        f"Sent: {stats.packets_sent}",
        f"Connections: {len(running.connections)}",
        f"Outstanding: {running.outstanding}",
        f"Zxid: {server.tree.last_processed_zxid:#x}",
        f"Mode: {mode(running)}",
        f"Node count: {len(server.tree.nodes)}",
        *_proposals(running),
    ]


def _proposals(running: Running) -> list[str]:
    sizes = proposal_sizes(running)
    return [] if sizes is None else [f"Proposal sizes last/min/max: {'/'.join(map(str, sizes))}"]


def srvr(running: Running) -> str:
    """Version, latency, traffic, zxid, mode, number of nodes."""
    stats = _stats(running)
    return _lines((f"Zookeeper version: {full_version()}", *stats))


def stat(running: Running) -> str:
    """As srvr, with the clients."""
    clients = (_connection(connection, brief=True) for connection in running.connections)
    stats = _stats(running)
    return _lines((f"Zookeeper version: {full_version()}", "Clients:", *clients, "", *stats))


def cons(running: Running) -> str:
    """One line of details for each connection."""
    return _lines((*(_connection(each, brief=False) for each in running.connections), ""))


def _connection(connection: Connection, brief: bool) -> str:
    fields = [
        f"queued={connection.outstanding}",
        f"recved={connection.packets_received}",
        f"sent={connection.packets_sent}",
    ]
    if not brief and connection.session_id:
        fields += [
            f"sid={hexadecimal(connection.session_id)}",
            f"lop={op_name(connection.last_op)}",
            f"est={connection.established_ms}",
            f"to={connection.timeout_ms}",
        ]
        if connection.last_cxid >= 0:
            fields.append(f"lcxid={connection.last_cxid:#x}")
        fields += [
            f"lzxid={hexadecimal(connection.last_zxid)}",
            f"lresp={connection.last_response_ms}",
            f"llat={connection.last_latency_ms}",
            f"minlat={connection.shown_min_latency_ms}",
            f"avglat={connection.average_latency_ms}",
            f"maxlat={connection.max_latency_ms}",
        ]
    return f" /{connection.address}[{interest_ops(connection)}]({','.join(fields)})"


def hexadecimal(number: int) -> str:
    """Return a 64-bit number as Java's Long.toHexString does, with 0x before it."""
    return f"0x{number & 0xFFFFFFFFFFFFFFFF:x}"


def dump(running: Running) -> str:
    """Sessions by the time they expire, ephemeral nodes by session, connections likewise."""
    server = running.server
    lines = ["SessionTracker dump:", *_sessions(running)]
    ephemerals = server.tree.ephemerals
    lines += ["ephemeral nodes dump:", f"Sessions with Ephemerals ({len(ephemerals)}):"]
    for session, paths in ephemerals.items():
        lines.append(f"{hexadecimal(session)}:")
        lines += [f"\t{path}" for path in sorted(paths)]
    lines.append("Connections dump:")
    lines += _expiry_sets(running, "Connections", _connection_buckets(running))
    return _lines(lines)


def _sessions(running: Running) -> Iterator[str]:
    """Yield lines on the sessions: of a learner, which does not let them expire, one for each."""
    server = running.server
    local = server.core.local_sessions
    if local is not None:
        yield from _session_sets(running, "Local Session", local)
    if not is_learner(running):
        title = "Session" if local is None else "Global Session"
        yield from _session_sets(running, title, server.sessions)
        return
    sessions = server.tree.sessions
    yield f"Global Sessions({len(sessions)}):"
    for session_id in sorted(sessions):
        yield f"{hexadecimal(session_id)}\t{sessions[session_id]}ms"


def _session_sets(running: Running, title: str, tracker: SessionTracker) -> Iterable[str]:
    buckets = [
        (expires_ms, [hexadecimal(session) for session in ids])
        for expires_ms, ids in tracker.expiry_buckets()
    ]
    return _expiry_sets(running, title, buckets)


def _expiry_sets(
    running: Running, title: str, buckets: list[tuple[int, list[str]]]
) -> Iterable[str]:
    yield f"{title} Sets ({len(buckets)})/({sum(len(members) for _, members in buckets)}):"
    for expires_ms, members in buckets:
        moment = time.localtime(running.wall_ms(expires_ms) / 1000)
        yield f"{len(members)} expire at {time.strftime('%a %b %d %H:%M:%S %Z %Y', moment)}:"
        yield from (f"\t{member}" for member in members)


def _connection_buckets(running: Running) -> list[tuple[int, list[str]]]:
    server = running.server
    interval_ms = server.settings.sessionless_timeout_ms
    buckets: dict[int, list[str]] = {}
    for connection in running.connections:
        session = connection.session
        if session is None:
            expires_ms = connection.opened_ms + interval_ms
        else:
            expires_ms = session.touched_ms + session.timeout_ms
        bucket = (expires_ms // interval_ms + 1) * interval_ms
        text = f"ip: /{connection.address} sessionId: {hexadecimal(connection.session_id)}"
        buckets.setdefault(bucket, []).append(text)
    return sorted(buckets.items())


def envi(running: Running) -> str:
    """Version and surroundings of the process."""
    return _lines(("Environment:", *(f"{key}={value}" for key, value in environment())))


def mntr(running: Running) -> str:
    """Every metric as a key and a value."""
    return _lines(f"zk_{key}\t{value}" for key, value in monitor_values(running))


def wchs(running: Running) -> str:
    """How many watches there are."""
    summary = running.server.watches.data.summary()
    return _lines(
        (
            f"{summary.watchers} connections watching {summary.paths} paths",
            f"Total watches:{summary.watches}",
        )
    )


def wchc(running: Running) -> str:
    """Watched paths by session; long where there are many watches."""
    lines: list[str] = []
    for connection, paths in running.server.watches.data.by_watcher():
        lines.append(hexadecimal(connection.session_id))
        lines += [f"\t{path}" for path in paths]
    return _lines((*lines, ""))


def wchp(running: Running) -> str:
    """Watching sessions by path; long where there are many watches."""
    lines: list[str] = []
    for path, connections in running.server.watches.data.by_path():
        lines.append(path)
        lines += [f"\t{hexadecimal(connection.session_id)}" for connection in connections]
    return _lines((*lines, ""))


def dirs(running: Running) -> str:
    """Bytes on disk."""
    return _lines(
        (
            f"datadir_size: {directory_size(running.snapshot_directory)}",
            f"logdir_size: {directory_size(running.log_directory)}",
        )
    )


def crst(running: Running) -> str:
    """Reset the numbers of all connections."""
    running.reset_connection_stats()
    return "Connection stats reset.\n"


def srst(running: Running) -> str:
    """Reset the numbers of the server."""
    running.reset_stats()
    return "Server stats reset.\n"


def hash_(running: Running) -> str:
    """Digests of the tree by zxid, one every 128 transactions."""
    return _lines(f"{zxid:x}: {digest}" for zxid, digest in running.server.tree.digests.log)


def trace_mask(running: Running) -> str:
    """The trace mask in decimal."""
    return str(running.trace_mask)


WORDS: dict[str, Word] = {
    "conf": Word(conf, "configuration in force"),
    "cons": Word(cons, "details of every connection"),
    "crst": Word(crst, "reset the numbers of all connections"),
    "dirs": Word(dirs, "bytes of snapshots and logs on disk"),
    "dump": Word(dump, "sessions, ephemeral nodes and connections"),
    "envi": Word(envi, "version and surroundings of the process"),
    "gtmk": Word(trace_mask, "the trace mask"),
    "hash": Word(hash_, "digests of the tree by zxid"),
    "isro": Word(isro, "rw, or ro in read-only mode"),
    "mntr": Word(mntr, "all metrics"),
    "ruok": Word(ruok, "imok if the process is alive"),
    "srst": Word(srst, "reset the numbers of the server"),
    "srvr": Word(srvr, "version, latency, traffic, zxid, mode"),
    "stat": Word(stat, "as srvr, with the clients"),
    "stmk": Word(trace_mask, "set the trace mask, given as eight bytes"),
    "wchc": Word(wchc, "watched paths by session"),
    "wchp": Word(wchp, "watching sessions by path"),
    "wchs": Word(wchs, "number of watches"),
}
"""Every word by its name."""

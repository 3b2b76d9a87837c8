"""What must hold of all servers once the faults are over."""

from __future__ import annotations

import struct
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import raw_client as zk
from fault_clients import COUNTER, QUEUE, Client, History
from fault_probes import Ghost

_STAT = struct.Struct(">qqqqiiiqiiq")
_NO_NODE = -101
_TOGETHER = 100


class Node(NamedTuple):
    """A node as a server shows it: data, Stat and children."""

    data: bytes
    czxid: int
    mzxid: int
    version: int
    owner: int
    stat: bytes
    children: tuple[str, ...]


def dump(port: int) -> dict[str, Node]:
    """Every node of a server, after a ``sync`` there. The session leaves no trace in the tree."""
    connection = zk.RawConnection(port)
    assert connection.handshake() is not None
    _, err, _ = connection.call(1, zk.SYNC, zk.buffer("/"))
    assert err == 0
    nodes: dict[str, Node] = {}
    pending = ["/"]
    while pending:
        asked, pending = pending[:_TOGETHER], pending[_TOGETHER:]
        for path in asked:
            connection.request(1, zk.GET_DATA, zk.path_watch(path))
            connection.request(1, zk.GET_CHILDREN, zk.path_watch(path))
        for path in asked:
            data, stat = _data(_answer(connection, path))
            children = tuple(sorted(_names(_answer(connection, path))))
            czxid, mzxid, _, _, version, _, _, owner, _, _, _ = _STAT.unpack(stat)
            nodes[path] = Node(data, czxid, mzxid, version, owner, stat, children)
            if path != "/zookeeper":
                pending += [f"{path.rstrip('/')}/{name}" for name in children]
    connection.call(2, zk.CLOSE)
    connection.close()
    return nodes


def _answer(connection: zk.RawConnection, path: str) -> bytes:
    frame = connection.frame()
    assert frame is not None, path
    _, _, err = struct.unpack_from(">iqi", frame)
    assert err == 0, (path, err)
    return frame[16:]


def _data(answer: bytes) -> tuple[bytes, bytes]:
    length = max(struct.unpack_from(">i", answer)[0], 0)
    return answer[4 : 4 + length], answer[4 + length :]


def _names(answer: bytes) -> list[str]:
    position, names = 4, []
    for _ in range(struct.unpack_from(">i", answer)[0]):
        (length,) = struct.unpack_from(">i", answer, position)
        names.append(answer[position + 4 : position + 4 + length].decode())
        position += 4 + length
    return names


def differences(trees: dict[int, dict[str, Node]]) -> list[str]:
    """Where the servers do not show the same."""
    (first, tree), *others = trees.items()
    found = []
    for sid, other in others:
        found += [
            f"{path}: {tree.get(path)} on server {first}, {other.get(path)} on {sid}"
            for path in sorted({*tree, *other})
            if tree.get(path) != other.get(path)
        ]
    return found


def lost_or_wrong(tree: dict[str, Node], history: History, clients: Iterable[Client]) -> list[str]:
    """Where a tree is not what the clients were told."""
    return [
        *_nodes(tree, history),
        *_pairs(tree, history),
        *_counter(tree, history),
        *_queue(tree, history),
        *_registers(tree, clients),
        *_ephemerals(tree, history, clients),
    ]


def _nodes(tree: dict[str, Node], history: History) -> list[str]:
    gone = {*history.deleted, *history.perhaps_deleted}
    found = [f"{path} was deleted and is there" for path in history.deleted if path in tree]
    for path, czxid in history.created:
        node = tree.get(path)
        if node is None and path not in gone:
            found.append(f"{path}, acknowledged at {czxid:#x}, is lost")
        elif node is not None and node.czxid != czxid:
            found.append(f"{path} was created at {czxid:#x}, and has czxid {node.czxid:#x}")
    return found


def _pairs(tree: dict[str, Node], history: History) -> list[str]:
    found = []
    for first, second, acknowledged in history.pairs:
        there = [path in tree for path in (first, second)]
        if there[0] != there[1] or (acknowledged and not all(there)):
            found.append(f"multi of {first} and {second} ({acknowledged=}): there {there}")
    return found


def _counter(tree: dict[str, Node], history: History) -> list[str]:
    node, told = tree[COUNTER], history.counted
    found = []
    if len({*told}) != len(told):
        found.append("two increments of the counter were told the same version")
    if node.data != b"%d" % node.version:
        found.append(f"the counter is {node.data!r} at version {node.version}")
    if node.version < max(told, default=0):
        found.append(f"the counter has version {node.version}, {max(told)} was acknowledged")
    # Nobody but an acknowledged increment, or one of which that is not known, made each version.
    unknown = {*range(1, node.version + 1)} - {*told} - {*history.perhaps_counted}
    if unknown:
        found.append(f"nobody asked for versions {sorted(unknown)} of the counter")
    return found


def _queue(tree: dict[str, Node], history: History) -> list[str]:
    found = []
    for path, czxid in history.queued:
        if path not in tree or tree[path].czxid != czxid:
            found.append(f"{path}, acknowledged at {czxid:#x}, is {tree.get(path)}")
    if len({*history.queued}) != len(history.queued):
        found.append("two clients were told the same sequential node")
    names = tree[QUEUE].children
    czxids = [tree[f"{QUEUE}/{name}"].czxid for name in names]
    if czxids != sorted(czxids):
        found.append("sequential nodes are not numbered in the order of their zxids")
    return found


def _registers(tree: dict[str, Node], clients: Iterable[Client]) -> list[str]:
    found = []
    for client in clients:
        register = client.register
        node = tree.get(register.path)
        least, most = register.version, register.version + register.perhaps
        if node is None or not least <= node.version <= most or int(node.data) < register.value:
            found.append(f"{register} is {node}")
    return found


def _ephemerals(tree: dict[str, Node], history: History, clients: Iterable[Client]) -> list[str]:
    alive = {client.session: client.ephemeral for client in clients if client.session}
    found = [
        f"{path} belongs to session {node.owner:#x}, which "
        + ("has ended" if node.owner in history.ended else "nobody has")
        for path, node in tree.items()
        if node.owner and node.owner not in alive
    ]
    for session, path in alive.items():
        if path not in tree or tree[path].owner != session:
            found.append(f"{path} of the live session {session:#x} is {tree.get(path)}")
    return found


def ghosts_wrong(ghosts: Iterable[Ghost], ports: Sequence[int], patience_s: float) -> list[str]:
    """Wait for ghosts' nodes to go, on each server; say which go early or late.

    A node may go when its session has been silent for its timeout, not before.
    """
    connections = {port: zk.RawConnection(port) for port in ports}
    for connection in connections.values():
        assert connection.handshake() is not None
    found = []
    waiting = [(ghost, port) for ghost in ghosts for port in ports]
    while waiting:
        still = []
        for ghost, port in waiting:
            due_s = ghost.heard_s + ghost.timeout_s
            asked_s = time.monotonic()
            _, err, _ = connections[port].call(1, zk.EXISTS, zk.path_watch(ghost.path))
            late_s = asked_s - due_s
            if err == _NO_NODE:
                if time.monotonic() < due_s:
                    found.append(f"{ghost.path} went {-late_s:.2f} s too early")
            elif late_s > patience_s:
                found.append(f"{ghost.path} is there {late_s:.2f} s after its time")
            else:
                still.append((ghost, port))
        waiting = still
        time.sleep(0.01)
    for connection in connections.values():
        connection.call(2, zk.CLOSE)
        connection.close()
    return found

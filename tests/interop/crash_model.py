"""What a client may expect of the nodes that it writes: data, every count of a Stat, every zxid.

`step` does to a model what a request does to the tree, `difference` holds a model against what a
server shows, `Zxids` sees to it that no zxid is told twice.
"""

from __future__ import annotations

import dataclasses
import struct
from typing import NamedTuple

import raw_client as zk

NO_NODE, BAD_VERSION, NODE_EXISTS, INCONSISTENT = -101, -103, -110, -2
EPHEMERAL, SEQUENTIAL = 1, 2
STAT = struct.Struct(">qqqqiiiqiiq")


class Op(NamedTuple):
    """One request of a client; `parts` are the operations of a multi."""

    code: int
    path: str = ""
    data: bytes = b""
    version: int = -1
    flags: int = 0
    parts: tuple[Op, ...] = ()

    def encode(self) -> bytes:
        if self.code == zk.CREATE:
            return zk.create(self.path, self.data, flags=self.flags)
        if self.code == zk.SET_DATA:
            return zk.set_data(self.path, self.data, self.version)
        if self.code == zk.MULTI:
            return zk.multi([(part.code, part.encode()) for part in self.parts])
        return b"" if self.code == zk.CLOSE else zk.path_version(self.path, self.version)


class Node(NamedTuple):
    """What a client expects of a node; a zxid is None while its reply has not come."""

    data: bytes
    version: int
    czxid: int | None
    mzxid: int | None
    pzxid: int | None
    owner: int
    created: int = 0  # children, ever
    deleted: int = 0


Nodes = dict[str, Node]


def step(nodes: Nodes, op: Op, zxid: int | None, session_id: int) -> tuple[int, str]:
    """Do to `nodes` what a request does: its error, and the path that a create made.

    A multi that fails changes nothing and has the error of the part that failed.
    """
    path = op.path
    if op.code == zk.MULTI:
        trial = dict(nodes)
        for part in op.parts:
            err, _ = step(trial, part, zxid, session_id)
            if err:
                return err, ""
        nodes.clear()
        nodes.update(trial)
        return 0, ""
    if op.code == zk.CLOSE:
        for owned in [name for name, node in nodes.items() if node.owner == session_id]:
            _remove(nodes, owned, zxid)
        return 0, ""
    node = nodes.get(path)
    if op.code == zk.CREATE:
        parent_path = path.rpartition("/")[0]
        parent = nodes.get(parent_path)
        if parent_path and parent is None:
            return NO_NODE, ""
        if op.flags & SEQUENTIAL:
            assert parent is not None
            path += f"{parent.created:010d}"
        elif node is not None:
            return NODE_EXISTS, ""
        if parent is not None:
            nodes[parent_path] = parent._replace(pzxid=zxid, created=parent.created + 1)
        owner = session_id if op.flags & EPHEMERAL else 0
        nodes[path] = Node(op.data, 0, zxid, zxid, zxid, owner)
        return 0, path
    if node is None:
        return NO_NODE, ""
    if op.version not in (-1, node.version):
        return BAD_VERSION, ""
    if op.code == zk.SET_DATA:
        nodes[path] = node._replace(data=op.data, version=node.version + 1, mzxid=zxid)
    elif op.code == zk.DELETE:
        _remove(nodes, path, zxid)
    return 0, ""


def _remove(nodes: Nodes, path: str, zxid: int | None) -> None:
    del nodes[path]
    above = path.rpartition("/")[0]
    nodes[above] = nodes[above]._replace(pzxid=zxid, deleted=nodes[above].deleted + 1)


class Seen(NamedTuple):
    """A node as the server shows it."""

    data: bytes
    czxid: int
    mzxid: int
    version: int
    cversion: int
    aversion: int
    owner: int
    data_length: int
    num_children: int
    pzxid: int


def difference(nodes: Nodes, seen: dict[str, Seen]) -> str:
    """The first thing that is not as expected; empty if all is."""
    if nodes.keys() != seen.keys():
        return f"missing {nodes.keys() - seen.keys()}, too much {seen.keys() - nodes.keys()}"
    for path, node in nodes.items():
        there = seen[path]
        wanted = Seen(
            node.data,
            there.czxid if node.czxid is None else node.czxid,
            there.mzxid if node.mzxid is None else node.mzxid,
            node.version,
            node.created + node.deleted,
            0,
            node.owner,
            len(node.data),
            node.created - node.deleted,
            there.pzxid if node.pzxid is None else node.pzxid,
        )
        if there != wanted:
            return f"{path}: {_shorten(there)} instead of {_shorten(wanted)}"
    return ""


def _shorten(seen: Seen) -> str:
    return str(seen._replace(data=seen.data[:40]))


@dataclasses.dataclass
class Zxids:
    """All zxids that anybody was told of: none may come twice."""

    told: set[int] = dataclasses.field(default_factory=set)
    highest: int = 0
    floor: int = 0  # where the server was when it started last

    def tell(self, zxid: int) -> None:
        assert zxid not in self.told, f"zxid {zxid:#x} is used twice"
        assert zxid > self.floor, f"zxid {zxid:#x} after a start at {self.floor:#x}"
        self.told.add(zxid)
        self.highest = max(self.highest, zxid)

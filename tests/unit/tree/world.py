"""A tree with a view on it, driven by requests: what the tests of this room share."""

from speckeeper.tree.applied import Applied
from speckeeper.tree.apply import apply
from speckeeper.tree.datatree import DataTree
from speckeeper.tree.digest import node_digest
from speckeeper.tree.ephemeral import EphemeralType, ephemeral_type
from speckeeper.tree.node import Node
from speckeeper.tree.policy import Policy
from speckeeper.tree.prepare import Request, prepare
from speckeeper.tree.view import TreeView
from speckeeper.wire.codes import OpCode
from speckeeper.wire.records import ACL, OPEN_ACL_UNSAFE, Id
from speckeeper.wire.requests import (
    CheckVersionRequest,
    CloseSessionRequest,
    CreateRequest,
    CreateSessionRequest,
    DeleteRequest,
    MultiRequest,
    SetACLRequest,
    SetDataRequest,
)
from speckeeper.wire.txns import ErrorTxn, Txn

SESSION = 0x1000
OTHER_SESSION = 0x2000
TIME_MS = 1_700_000_000_000
NOBODY: tuple[Id, ...] = (Id("ip", "10.0.0.1"),)
ALICE = Id("digest", "alice:secret")


def acl(*entries: tuple[int, str, str]) -> tuple[ACL, ...]:
    """Build an ACL list from (perms, scheme, id)."""
    return tuple(ACL(perms, Id(scheme, text)) for perms, scheme, text in entries)


class World:
    """A state machine without a server: requests go in, transactions and what they yield come out.

    Two sessions are open. ``ask`` only prepares and stages, ``settle`` applies what is staged,
    ``do`` is both at once.
    """

    def __init__(self, **policy: object) -> None:
        self.tree = DataTree()
        self.view = TreeView(self.tree, txn_digests=True)
        self.policy = Policy()._replace(**policy)
        self.zxid = 0
        self.staged: list[Txn] = []
        self.log: list[Txn] = []
        for session_id in (SESSION, OTHER_SESSION):
            self.do(OpCode.CREATE_SESSION, CreateSessionRequest(30_000), session=session_id)

    def request(
        self,
        op: int,
        record: object,
        *,
        session: int = SESSION,
        ids: tuple[Id, ...] = NOBODY,
        local: bool = False,
    ) -> Request:
        """Build a request with the next zxid; time advances with it."""
        self.zxid += 1
        return Request(session, self.zxid, op, record, ids, self.zxid, TIME_MS + self.zxid, local)

    def ask(self, op: int, record: object, **who: object) -> Txn:
        """Prepare and stage a request; the tree does not change yet."""
        txn = prepare(self.view, self.request(op, record, **who), self.policy)  # type: ignore[arg-type]
        txn = self.view.stage(txn)
        self.staged.append(txn)
        return txn

    def settle(self) -> list[Applied]:
        """Apply everything that is staged."""
        applied = [apply(self.tree, txn) for txn in self.staged]
        self.log += self.staged
        self.staged.clear()
        self.view.settle(self.zxid)
        return applied

    def do(self, op: int, record: object, **who: object) -> Applied:
        """Prepare, stage and apply a request."""
        self.ask(op, record, **who)
        return self.settle()[-1]

    def err(self, op: int, record: object, **who: object) -> int:
        """Return the error of a request, 0 if it would be accepted; nothing is staged."""
        txn = prepare(self.view, self.request(op, record, **who), self.policy)  # type: ignore[arg-type]
        return txn.record.err if isinstance(txn.record, ErrorTxn) else 0

    def node(self, path: str) -> Node:
        """Return a node that is there."""
        return self.tree.nodes[path]

    def create(
        self,
        path: str,
        data: bytes | None = b"",
        access: tuple[ACL, ...] = OPEN_ACL_UNSAFE,
        flags: int = 0,
        **who: object,
    ) -> Applied:
        """Create a node."""
        return self.do(OpCode.CREATE, CreateRequest(path, data, access, flags), **who)

    def close(self, session: int = SESSION) -> Applied:
        """Close a session."""
        return self.do(OpCode.CLOSE_SESSION, CloseSessionRequest(), session=session)


def create(
    path: str,
    data: bytes | None = b"",
    access: tuple[ACL, ...] = OPEN_ACL_UNSAFE,
    flags: int = 0,
    ttl: int = -1,
) -> CreateRequest:
    """Build a create request."""
    return CreateRequest(path, data, access, flags, ttl)


def multi(*ops: tuple[int, object]) -> MultiRequest:
    """Build a multi request."""
    return MultiRequest(ops)  # type: ignore[arg-type]


def recomputed_digest(tree: DataTree) -> int:
    """Add up the digests of all nodes anew."""
    return sum(node_digest(path, node) for path, node in tree.nodes.items() if path != "/")


def broken_invariants(tree: DataTree) -> list[str]:
    """Return what is wrong with a tree, looking at every node."""
    faults = []
    ephemerals: dict[int, set[str]] = {}
    containers, ttls, size = set(), set(), -len(tree.nodes["/"].data or b"")
    for path, node in tree.nodes.items():
        size += len(path) + len(node.data or b"")
        if path in ("", "/"):
            continue
        parent = tree.nodes.get(path[: path.rfind("/")])
        if parent is None or path not in (parent.children or {}):
            faults.append(f"{path} is not among the children of its parent")
        faults.extend(
            f"{path} has a child {child} that is not there"
            for child in node.children or {}
            if child not in tree.nodes
        )
        if node.children is not None and not node.children:
            faults.append(f"{path} keeps an empty dict of children")
        if node.acl != tree.acls.acquire(node.acl):
            faults.append(f"{path} has an ACL list that is not the cached one")
        tree.acls.release(node.acl)
        kind = ephemeral_type(node.ephemeral_owner)
        if kind is EphemeralType.NORMAL:
            ephemerals.setdefault(node.ephemeral_owner, set()).add(path)
        elif kind is EphemeralType.CONTAINER:
            containers.add(path)
        elif kind is EphemeralType.TTL:
            ttls.add(path)
    if tree.nodes[""] is not tree.nodes["/"]:
        faults.append("the two names of the root differ")
    if (ephemerals, containers, ttls) != (tree.ephemerals, tree.containers, tree.ttls):
        faults.append("an index of owners is wrong")
    stats_size = sum(
        len(node.data or b"") for path, node in tree.nodes.items() if path.endswith("_stats")
    )
    if not size - stats_size <= tree.data_size <= size:
        faults.append(f"data size {tree.data_size} where {size} is there")
    if tree.digest != recomputed_digest(tree):
        faults.append("the digest is not that of the nodes")
    return faults


def content(tree: DataTree) -> dict[str, object]:
    """Return everything that two replicas must have in common, comparable."""
    nodes = {
        path: (
            node.data,
            node.acl,
            set(node.children or ()),
            node.czxid,
            node.mzxid,
            node.ctime,
            node.mtime,
            node.version,
            node.cversion,
            node.aversion,
            node.ephemeral_owner,
            node.pzxid,
        )
        for path, node in tree.nodes.items()
    }
    return {
        "nodes": nodes,
        "ephemerals": tree.ephemerals,
        "containers": tree.containers,
        "ttls": tree.ttls,
        "quotas": tree.quotas,
        "sessions": tree.sessions,
        "zxid": tree.last_processed_zxid,
        "digest": tree.digest,
    }


__all__ = [
    "ALICE",
    "NOBODY",
    "OTHER_SESSION",
    "SESSION",
    "TIME_MS",
    "CheckVersionRequest",
    "CreateRequest",
    "DeleteRequest",
    "SetACLRequest",
    "SetDataRequest",
    "World",
    "acl",
    "broken_invariants",
    "content",
    "create",
    "multi",
    "recomputed_digest",
]

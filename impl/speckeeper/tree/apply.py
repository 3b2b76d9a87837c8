"""Apply: a transaction changes the tree.

One function for each type of transaction. Applying is total. It is also tolerant: replaying a log
over a fuzzy snapshot meets nodes that later transactions have already created, changed or deleted,
and must come out at the same tree as a server that never stopped. So a create that finds its node,
and a delete that does not, still bring the parent up to date, and a parent's numbers never go back.

Where this goes beyond ZooKeeper: a replayed create of any type repairs the parent, not only of type
1, and puts the node it finds back among the parent's children, which a replayed delete and
re-creation of that parent may have emptied.

Source: ZooKeeper ``DataTree.processTxn``, ``createNode``, ``deleteNode``, ``setData``, ``setACL``,
``killSession``; ``FileTxnSnapLog.processTransaction``.
"""

from collections.abc import Callable, Iterable
from typing import Any

from speckeeper.tree import quota
from speckeeper.tree.applied import Applied, TreeEvent
from speckeeper.tree.datatree import DataTree
from speckeeper.tree.ephemeral import CONTAINER_OWNER, is_valid_ttl, ttl_owner
from speckeeper.tree.node import Node, int32
from speckeeper.tree.paths import QUOTA, ROOT
from speckeeper.wire.codes import ErrorCode, EventType, OpCode
from speckeeper.wire.txns import (
    CheckTxn,
    CloseSessionTxn,
    CreateContainerTxn,
    CreateSessionTxn,
    CreateTTLTxn,
    CreateTxn,
    DeleteTxn,
    ErrorTxn,
    MultiTxn,
    Record,
    SetACLTxn,
    SetDataTxn,
    Txn,
    TxnHeader,
)

__all__ = ["Applied", "TreeEvent", "apply", "remove_dead_ephemerals"]

_CREATED = EventType.NODE_CREATED
_DELETED = EventType.NODE_DELETED
_DATA_CHANGED = EventType.NODE_DATA_CHANGED
_CHILDREN_CHANGED = EventType.NODE_CHILDREN_CHANGED

_OK = 0
_NO_NODE = int(ErrorCode.NO_NODE)
_NODE_EXISTS = int(ErrorCode.NODE_EXISTS)
_BAD_ARGUMENTS = int(ErrorCode.BAD_ARGUMENTS)
_RUNTIME_INCONSISTENCY = int(ErrorCode.RUNTIME_INCONSISTENCY)
_ERROR = int(OpCode.ERROR)
_CREATE_TYPE = int(OpCode.CREATE)

_new = tuple.__new__  # makes a NamedTuple in half the time of its own constructor


def apply(tree: DataTree, txn: Txn) -> Applied:
    """Change the tree as the transaction says; return what to answer and which watches it may fire.

    ``last_processed_zxid`` moves once the whole transaction is in, never back.
    """
    header, record, digest = txn
    _, _, zxid, _, kind = header
    applied = _apply_record(tree, kind, record, header)
    if zxid > tree.last_processed_zxid:
        tree.last_processed_zxid = zxid
    if tree.digest_enabled and (digest is not None or tree.digests.wants(zxid)):
        tree.digests.applied(zxid, tree.digest, digest)
    return applied


def _apply_record(tree: DataTree, kind: int, record: Record, header: TxnHeader) -> Applied:
    effect = _APPLY.get(kind)
    return Applied(kind) if effect is None else effect(tree, kind, record, header)


def _create(tree: DataTree, kind: int, record: CreateTxn, header: TxnHeader) -> Applied:
    owner = header.client_id if record.ephemeral else 0
    return _add_node(tree, kind, record, owner, header)


def _create_container(
    tree: DataTree, kind: int, record: CreateContainerTxn, header: TxnHeader
) -> Applied:
    return _add_node(tree, kind, record, CONTAINER_OWNER, header)


def _create_ttl(tree: DataTree, kind: int, record: CreateTTLTxn, header: TxnHeader) -> Applied:
    if not is_valid_ttl(record.ttl):
        return Applied(kind, _BAD_ARGUMENTS, record.path)
    return _add_node(tree, kind, record, ttl_owner(record.ttl), header)


def _add_node(
    tree: DataTree,
    kind: int,
    record: CreateTxn | CreateContainerTxn | CreateTTLTxn,
    owner: int,
    header: TxnHeader,
) -> Applied:
    """Add a node with its parent's numbers (``DataTree.createNode``)."""
    path, data, zxid, time, nodes = record[0], record[1], header[2], header[3], tree.nodes
    parent_path = path[: path.rfind("/")]
    parent = nodes.get(parent_path)
    if parent is None or len(path) <= 1:
        return Applied(kind, _NO_NODE, path)
    tree.digesting.will_change(parent_path, parent)
    cversion = record.parent_cversion
    if cversion == -1:
        cversion = int32(parent.cversion + 1)
    if cversion > parent.cversion:  # else this is replayed, and the parent is ahead
        parent.cversion, parent.pzxid = cversion, zxid
    parent.add_child(path)
    acl = tree.acls.acquire(record.acl)
    node = nodes.get(path)
    if node is not None:
        tree.acls.release(node.acl)
        node.acl = acl
        return Applied(kind, _NODE_EXISTS, path)

    node = nodes[path] = Node(data, acl, zxid, zxid, time, time, 0, 0, 0, owner, zxid)
    tree.digesting.added(path, node)
    size = len(data) if data else 0
    tree.data_size += len(path) + size
    if owner:
        tree.index_owner(path, owner)
    stat = None if kind == _CREATE_TYPE else node.stat()  # of the data that was asked for
    if parent_path.startswith(QUOTA):
        quota.quota_node_added(nodes, tree.quotas, path)
    warnings = quota.account(nodes, tree.quotas, path, 1, size) if tree.quotas else ()
    events = (
        _new(TreeEvent, (_CREATED, path, acl)),
        _new(TreeEvent, (_CHILDREN_CHANGED, parent_path or ROOT, parent.acl)),
    )
    return _new(Applied, (kind, _OK, path, stat, (), events, warnings))


def _delete(tree: DataTree, kind: int, record: DeleteTxn, header: TxnHeader) -> Applied:
    path = record.path
    events = _remove_node(tree, path, header.zxid)
    return Applied(kind, _OK if events else _NO_NODE, path, events=events)


def _remove_node(tree: DataTree, path: str, zxid: int) -> tuple[TreeEvent, ...]:
    """Remove a node if it is there; bring its parent up to date in any case (``deleteNode``)."""
    nodes = tree.nodes
    parent_path = path[: path.rfind("/")]
    parent = nodes.get(parent_path)
    if parent is None or len(path) <= 1:
        return ()
    tree.digesting.will_change(parent_path, parent)
    parent.remove_child(path)
    if zxid > parent.pzxid:
        parent.pzxid = zxid
    node = nodes.pop(path, None)
    if node is None:
        return ()

    acl, owner = node.acl, node.ephemeral_owner
    tree.digesting.removed(path, node)
    size = len(node.data) if node.data else 0
    tree.data_size -= len(path) + size
    tree.acls.release(acl)
    if owner:
        tree.unindex_owner(path, owner)
    if parent_path.startswith(QUOTA):
        quota.quota_node_removed(tree.quotas, path)
    if tree.quotas:
        quota.account(nodes, tree.quotas, path, -1, -size)
    return (
        _new(TreeEvent, (_DELETED, path, acl)),
        _new(TreeEvent, (_CHILDREN_CHANGED, parent_path or ROOT, parent.acl)),
    )


def _set_data(tree: DataTree, kind: int, record: SetDataTxn, header: TxnHeader) -> Applied:
    """Give a node new data (``DataTree.setData``); reconfig does just that to
    ``/zookeeper/config``.
    """
    path, data, version = record
    node = tree.nodes.get(path)
    if node is None:
        return Applied(kind, _NO_NODE, path)
    tree.digesting.will_change(path, node)
    growth = (len(data) if data else 0) - (len(node.data) if node.data else 0)
    node.data, node.version = data, version
    _, _, node.mzxid, node.mtime, _ = header
    tree.data_size += growth
    stat = node.stat()
    warnings = quota.account(tree.nodes, tree.quotas, path, 0, growth) if tree.quotas else ()
    events = (_new(TreeEvent, (_DATA_CHANGED, path, node.acl)),)
    return _new(Applied, (kind, _OK, path, stat, (), events, warnings))


def _set_acl(tree: DataTree, kind: int, record: SetACLTxn, header: TxnHeader) -> Applied:
    """Give a node another ACL list (``DataTree.setACL``); no watch fires."""
    path, acl, version = record
    node = tree.nodes.get(path)
    if node is None:
        return Applied(kind, _NO_NODE, path)
    tree.digesting.will_change(path, node)
    former, node.acl = node.acl, tree.acls.acquire(acl)
    tree.acls.release(former)
    node.aversion = version
    return Applied(kind, _OK, path, node.stat())


def _check(tree: DataTree, kind: int, record: CheckTxn, header: TxnHeader) -> Applied:
    return Applied(kind, _OK, record.path)


def _error(tree: DataTree, kind: int, record: ErrorTxn, header: TxnHeader) -> Applied:
    return Applied(kind, record.err)


def _create_session(
    tree: DataTree, kind: int, record: CreateSessionTxn, header: TxnHeader
) -> Applied:
    tree.sessions[header.client_id] = record.timeout
    return Applied(kind)


def _close_session(
    tree: DataTree, kind: int, record: CloseSessionTxn, header: TxnHeader
) -> Applied:
    """Delete the nodes that the transaction names, then whatever else the session still owns."""
    session_id = header.client_id
    events = _remove_nodes(tree, record.paths or (), header.zxid)
    events += _remove_nodes(tree, sorted(tree.ephemerals.get(session_id, ())), header.zxid)
    tree.sessions.pop(session_id, None)
    return Applied(kind, events=events)


def _remove_nodes(tree: DataTree, paths: Iterable[str], zxid: int) -> tuple[TreeEvent, ...]:
    events: list[TreeEvent] = []
    for path in paths:
        events += _remove_node(tree, path, zxid)
    return tuple(events)


def _multi(tree: DataTree, kind: int, record: MultiTxn, header: TxnHeader) -> Applied:
    """Apply all parts, or none if one of them is an error.

    Of a failed multi the parts before the first error answer 0, the others their error; later ones
    that are no errors, which prepare does not make, answer RuntimeInconsistency.
    """
    if any(sub.type == _ERROR for sub in record.txns):
        return _failed_multi(kind, record)
    results = tuple(_apply_record(tree, sub.type, sub.record, header) for sub in record.txns)
    return Applied(
        kind,
        next((result.err for result in results if result.err), _OK),
        results=results,
        events=tuple(event for result in results for event in result.events),
        warnings=tuple(warning for result in results for warning in result.warnings),
    )


def _failed_multi(kind: int, record: MultiTxn) -> Applied:
    results: list[Applied] = []
    code = _OK
    for sub in record.txns:
        if isinstance(sub.record, ErrorTxn):
            code = _RUNTIME_INCONSISTENCY
            results.append(Applied(_ERROR, sub.record.err))
        else:
            results.append(Applied(_ERROR, code))
    return Applied(
        kind, next((result.err for result in results if result.err), _OK), results=tuple(results)
    )


def remove_dead_ephemerals(tree: DataTree) -> tuple[TreeEvent, ...]:
    """Delete ephemerals of sessions that do not exist, once all data is loaded.

    (``ZooKeeperServer.loadData``.)
    """
    dead = sorted(tree.ephemerals.keys() - tree.sessions.keys())
    paths = [path for session_id in dead for path in sorted(tree.ephemerals[session_id])]
    return _remove_nodes(tree, paths, tree.last_processed_zxid)


_APPLY: dict[int, Callable[[DataTree, int, Any, TxnHeader], Applied]] = {
    OpCode.CREATE: _create,
    OpCode.CREATE2: _create,
    OpCode.CREATE_CONTAINER: _create_container,
    OpCode.CREATE_TTL: _create_ttl,
    OpCode.DELETE: _delete,
    OpCode.DELETE_CONTAINER: _delete,
    OpCode.SET_DATA: _set_data,
    OpCode.RECONFIG: _set_data,
    OpCode.SET_ACL: _set_acl,
    OpCode.CHECK: _check,
    OpCode.CREATE_SESSION: _create_session,
    OpCode.CLOSE_SESSION: _close_session,
    OpCode.MULTI: _multi,
    OpCode.ERROR: _error,
}

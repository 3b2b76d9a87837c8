"""The tree as it will be: what is applied plus what is prepared and not yet applied.

A request is judged against this view, since those ahead of it are certain to be applied first. For
each node that such a transaction touches, the view holds a :class:`ChangeRecord`, which answers
what :mod:`speckeeper.tree.prepare` asks of a node. ``stage`` and ``apply`` must agree on those
fields; a property test holds them to it.

Three things show here that ZooKeeper's records miss until they are applied: a new ACL list, a
change of the root by its other name, and that the nodes of a closing session leave their parents.

Source: ZooKeeper ``ZooKeeperServer.outstandingChanges``, ``PrepRequestProcessor.addChangeRecord``,
``rollbackPendingChanges`` (here a fork that is thrown away), ``precalculateDigest``.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

from speckeeper.tree.acl import Decided
from speckeeper.tree.change_record import ChangeRecord
from speckeeper.tree.datatree import DataTree
from speckeeper.tree.digest import DIGEST_VERSION, node_digest
from speckeeper.tree.ephemeral import CONTAINER_OWNER, is_ephemeral, is_valid_ttl, ttl_owner
from speckeeper.tree.node import Node, int32
from speckeeper.tree.paths import ROOT, parent_of
from speckeeper.wire.codes import ErrorCode, OpCode
from speckeeper.wire.records import ACL
from speckeeper.wire.request_records import ReconfigRequest
from speckeeper.wire.txns import (
    CloseSessionTxn,
    CreateContainerTxn,
    CreateSessionTxn,
    CreateTTLTxn,
    CreateTxn,
    DeleteTxn,
    MultiTxn,
    Record,
    SetACLTxn,
    SetDataTxn,
    Txn,
    TxnDigest,
    TxnHeader,
)

_ERROR = int(OpCode.ERROR)

_new = tuple.__new__  # makes a NamedTuple in half the time of its own constructor


Reconfigure = Callable[[ReconfigRequest, int], bytes | ErrorCode]


class TreeView:
    """A tree with what is staged on it. Several views of one tree know nothing of each other."""

    __slots__ = (
        "_below",
        "_changes",
        "_digest",
        "_digested",
        "_ephemerals",
        "_order",
        "_session_order",
        "_sessions",
        "_staged_zxid",
        "decided",
        "reconfigure",
        "tree",
    )

    def __init__(self, tree: DataTree, *, txn_digests: bool = False) -> None:
        """``txn_digests`` makes :meth:`stage` add to each transaction the digest it leads to."""
        self.tree = tree
        self.decided: Decided | None = None
        """What is remembered of permissions; a fork always does, for the parts of a multi."""
        self.reconfigure: Reconfigure | None = None
        """Makes the text of a new configuration, or says why not; None: there is no ensemble."""
        self._digest = 0
        self._digested = txn_digests and tree.digest_enabled
        self._below: Callable[[str], Node | ChangeRecord | None] = tree.nodes.get
        self._changes: dict[str, ChangeRecord] = {}
        self._order: deque[tuple[int, str]] = deque()
        self._staged_zxid = 0
        # Session id -> (zxid of the staged createSession or closeSession, whether it lives after
        # it).
        self._sessions: dict[int, tuple[int, bool]] = {}
        self._session_order: deque[tuple[int, int]] = deque()
        # Owner -> paths of ephemerals that staged transactions create.
        self._ephemerals: dict[int, set[str]] = {}

    def find(self, path: str) -> Node | ChangeRecord | None:
        """Return the node that will be at ``path``, None if there will be none. Only read it."""
        record = self._changes.get(path)
        if record is None:
            return self._below(path)
        return record if record.exists else None

    def session_lives(self, session_id: int) -> bool:
        """Whether a global session exists and no closeSession is on its way."""
        if session_id in self._sessions:
            return self._sessions[session_id][1]
        return session_id in self.tree.sessions

    def ephemerals_of(self, session_id: int) -> list[str]:
        """Return the ephemeral nodes that a session will have, sorted."""
        paths = self.tree.ephemerals.get(session_id, set()) | self._ephemerals.get(
            session_id, set()
        )
        return sorted(path for path in paths if self._owner(path) == session_id)

    def _owner(self, path: str) -> int:
        node = self.find(path)
        return node.ephemeral_owner if node is not None else 0

    @property
    def digests_transactions(self) -> bool:
        """Whether :meth:`stage` adds digests."""
        return self._digested

    @property
    def staged_count(self) -> int:
        """How many changes of nodes are staged."""
        return len(self._order)

    def fork(self) -> "TreeView":
        """Return a view of its own on top of this one; what is staged there does not show here."""
        fork = TreeView(self.tree)
        fork._below = self.find
        fork.decided = self.decided or Decided()
        fork._sessions = self._sessions
        return fork

    def stage(self, txn: Txn) -> Txn:
        """Lay a prepared transaction over the tree, in the order of zxids.

        Return it, with ``txn_digests`` with the digest that the tree will have once it is applied;
        an error never has one. (``PrepRequestProcessor.setTxnDigest``.)
        """
        header, record, _ = txn
        _, _, self._staged_zxid, _, kind = header
        if self._digested and not self._order:
            self._digest = self.tree.digest
        effect = _STAGE.get(kind)
        if effect is not None:
            effect(self, record, header)
        if not self._digested or kind == _ERROR:
            return txn
        return _new(Txn, (header, record, _new(TxnDigest, (DIGEST_VERSION, self._digest))))

    def stage_record(self, kind: int, record: Record, header: TxnHeader) -> None:
        """Stage one record of type ``kind``: a whole transaction, or a part of a multi."""
        effect = _STAGE.get(kind)
        if effect is not None:
            effect(self, record, header)

    def settle(self, zxid: int) -> None:
        """Drop what the tree itself shows now: all that is staged up to the applied ``zxid``."""
        order, changes = self._order, self._changes
        if zxid >= self._staged_zxid:
            order.clear()
            changes.clear()
            self._ephemerals.clear()
            self._session_order.clear()
            self._sessions.clear()
            return
        while order and order[0][0] <= zxid:
            path = order.popleft()[1]
            record = changes.get(path)
            # A later transaction may have changed the node again: then its record stays.
            if record is not None and record.zxid <= zxid:
                del changes[path]
                if record.ephemeral_owner:
                    self._forget_ephemeral(path, record.ephemeral_owner)
        session_order = self._session_order
        while session_order and session_order[0][0] <= zxid:
            session_id = session_order.popleft()[1]
            staged = self._sessions.get(session_id)
            if staged is not None and staged[0] <= zxid:
                del self._sessions[session_id]

    def _pre_change(self, path: str, zxid: int) -> ChangeRecord | None:
        """Return the record of a node that transaction ``zxid`` will change, None if there is none.

        The node is out of the digest until :meth:`_post_change`.
        """
        record = self._changes.get(path)
        if record is None:
            node = self._below(path)
            if node is None:
                return None
            digest = node_digest(path, node) if self._digested else 0
            record = ChangeRecord(node, zxid, digest)
        elif not record.exists:
            return None
        else:
            record.zxid = zxid
        if self._digested:
            self._digest -= record.digest
        if len(path) > 1:
            self._changes[path] = record
            self._order.append((zxid, path))
        else:
            self._put_root(record)
        return record

    def _post_change(self, path: str, record: ChangeRecord) -> None:
        """Put a node that was changed, or is new, into the digest."""
        if self._digested:
            record.digest = digest = node_digest(path, record)
            self._digest += digest

    def _put_root(self, record: ChangeRecord) -> None:
        """Put the record of the root under both of its names."""
        for path in ("", ROOT):
            self._changes[path] = record
            self._order.append((record.zxid, path))

    def _create(
        self,
        record: CreateTxn | CreateContainerTxn | CreateTTLTxn,
        header: TxnHeader,
        owner: int,
    ) -> None:
        path, data, acl = record[:3]
        _, _, zxid, time, _ = header
        parent_path = path[: path.rfind("/")]
        self.add_node(path, parent_path, data, acl, record.parent_cversion, zxid, time, owner)

    def add_node(
        self,
        path: str,
        parent_path: str,
        data: bytes | None,
        acl: tuple[ACL, ...],
        cversion: int,
        zxid: int,
        time: int,
        owner: int,
    ) -> None:
        """Stage a new node; ``cversion`` is its parent's from then on, -1 for one more."""
        parent = self._pre_change(parent_path, zxid)
        if parent is None:
            return
        parent.num_children += 1
        if cversion == -1:
            cversion = int32(parent.staged_cversion + 1)
        parent.staged_cversion = cversion
        if cversion > parent.cversion:  # as on apply, also where the number wraps
            parent.cversion, parent.pzxid = cversion, zxid
        self._staged_zxid = zxid
        child = self._changes[path] = ChangeRecord.of_new(data, acl, zxid, time, owner)
        self._order.append((zxid, path))
        if self._digested:
            self._post_change(parent_path, parent)
            self._post_change(path, child)
        if owner and is_ephemeral(owner):
            self._ephemerals.setdefault(owner, set()).add(path)

    def _delete(self, path: str, zxid: int) -> None:
        parent_path = parent_of(path)
        parent = self._pre_change(parent_path, zxid)
        if parent is None:
            return
        if zxid > parent.pzxid:
            parent.pzxid = zxid
        record = self._pre_change(path, zxid)
        if record is not None:
            parent.num_children -= 1
            record.exists = False
            if record.ephemeral_owner:
                self._forget_ephemeral(path, record.ephemeral_owner)
                record.ephemeral_owner = 0
        self._post_change(parent_path, parent)

    def _forget_ephemeral(self, path: str, owner: int) -> None:
        paths = self._ephemerals.get(owner)
        if paths is not None:
            paths.discard(path)
            if not paths:
                del self._ephemerals[owner]

    def _stage_create(self, record: CreateTxn, header: TxnHeader) -> None:
        self._create(record, header, header.client_id if record.ephemeral else 0)

    def _stage_container(self, record: CreateContainerTxn, header: TxnHeader) -> None:
        self._create(record, header, CONTAINER_OWNER)

    def _stage_ttl(self, record: CreateTTLTxn, header: TxnHeader) -> None:
        if is_valid_ttl(record.ttl):
            self._create(record, header, ttl_owner(record.ttl))

    def _stage_delete(self, record: DeleteTxn, header: TxnHeader) -> None:
        self._delete(record.path, header.zxid)

    def _stage_set_data(self, record: SetDataTxn, header: TxnHeader) -> None:
        self.change_data(*record, header[2], header[3])

    def change_data(
        self, path: str, data: bytes | None, version: int, zxid: int, time: int
    ) -> None:
        """Stage new data of a node, and the version that it gets with it."""
        node = self._pre_change(path, zxid)
        if node is not None:
            self._staged_zxid = zxid
            node.data, node.version = data, version
            node.mzxid, node.mtime = zxid, time
            self._post_change(path, node)

    def change_data_of(
        self,
        path: str,
        node: Node | ChangeRecord,
        data: bytes,
        version: int,
        zxid: int,
        time: int,
    ) -> None:
        """Do the same for what :meth:`find` has just returned; not for the root.

        Only where :attr:`digests_transactions` is off.
        """
        record = self._changes.get(path)
        if record is None:
            record = self._changes[path] = ChangeRecord(node, zxid, 0)
        else:
            record.zxid = zxid
        self._staged_zxid = zxid
        self._order.append((zxid, path))
        record.data, record.version = data, version
        record.mzxid, record.mtime = zxid, time

    def _stage_set_acl(self, record: SetACLTxn, header: TxnHeader) -> None:
        node = self._pre_change(record.path, header.zxid)
        if node is not None:
            node.acl, node.aversion = record.acl, record.version
            self._post_change(record.path, node)

    def _stage_create_session(self, record: CreateSessionTxn, header: TxnHeader) -> None:
        self._put_session(header.client_id, header.zxid, True)

    def _stage_close_session(self, record: CloseSessionTxn, header: TxnHeader) -> None:
        session_id, zxid = header.client_id, header.zxid
        for path in (*(record.paths or ()), *self.ephemerals_of(session_id)):
            self._delete(path, zxid)
        self._put_session(session_id, zxid, False)

    def _put_session(self, session_id: int, zxid: int, lives: bool) -> None:
        self._sessions[session_id] = (zxid, lives)
        self._session_order.append((zxid, session_id))

    def _stage_multi(self, record: MultiTxn, header: TxnHeader) -> None:
        if any(sub.type == _ERROR for sub in record.txns):
            return
        for sub in record.txns:
            self.stage_record(sub.type, sub.record, header)


# A type that is not here changes nothing that a later request could ask for.
_STAGE: dict[int, Callable[[TreeView, Any, TxnHeader], None]] = {
    OpCode.CREATE: TreeView._stage_create,
    OpCode.CREATE2: TreeView._stage_create,
    OpCode.CREATE_CONTAINER: TreeView._stage_container,
    OpCode.CREATE_TTL: TreeView._stage_ttl,
    OpCode.DELETE: TreeView._stage_delete,
    OpCode.DELETE_CONTAINER: TreeView._stage_delete,
    OpCode.SET_DATA: TreeView._stage_set_data,
    OpCode.RECONFIG: TreeView._stage_set_data,
    OpCode.SET_ACL: TreeView._stage_set_acl,
    OpCode.CREATE_SESSION: TreeView._stage_create_session,
    OpCode.CLOSE_SESSION: TreeView._stage_close_session,
    OpCode.MULTI: TreeView._stage_multi,
}

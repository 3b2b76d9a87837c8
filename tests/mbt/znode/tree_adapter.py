"""The tree in memory: ``prepare`` gives transactions, ``apply`` changes replicas of the tree."""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from tests.mbt.znode import drawing
from tests.mbt.znode import records as r
from tests.mbt.znode.trees import tree_of
from tests.model.znode import values as v

from speccheck.evaluate.values import Value, function_of
from speckeeper.tree.apply import apply
from speckeeper.tree.policy import Policy
from speckeeper.tree.prepare import Request, prepare
from speckeeper.tree.view import TreeView
from speckeeper.wire.codes import OpCode
from speckeeper.wire.records import Id
from speckeeper.wire.requests import CloseSessionRequest, CreateSessionRequest, DeleteRequest
from speckeeper.wire.txns import ErrorTxn, MultiTxn, Txn

_NO_CLIENT = "the tree answers no client"
POLICY = Policy()._replace(extended_types_enabled=True, enforce_quota=True)


class InMemory:
    """A leader's view of the tree, and servers that apply its transactions each at its own pace."""

    internal: ClassVar[frozenset[str]] = frozenset()
    often: ClassVar[frozenset[str]] = frozenset({"ServerApply"})
    weights = {**drawing.WEIGHTS, "Receive": 2}  # noqa: RUF012
    usual = drawing.USUAL
    existing = drawing.EXISTING
    policy = POLICY
    left_out: ClassVar[Mapping[str, str]] = dict.fromkeys(
        (
            *("Exists", "GetData", "GetChildren", "GetChildren2", "GetACL", "GetEphemerals"),
            *("GetAllChildrenNumber", "WhoAmI", "MultiRead", "Sync", "SetWatches"),
            *("AddWatch", "CheckWatches", "RemoveWatches"),
        ),
        _NO_CLIENT,
    ) | dict.fromkeys(("Restart", "Lag", "CatchUp"), "it is no server")

    def start(self, state: Mapping[str, Value]) -> None:
        """Begin with the tree of an initial state."""
        self.ids: dict[int, tuple[Id, ...]] = dict.fromkeys(state["session"], ())
        self.now = 0
        self.zxid = state["tree"]["lastProcessedZxid"]
        self.replicas = {name: tree_of(state["tree"]) for name in state["replica"]}
        self.queues: dict[Any, deque[Txn]] = {name: deque() for name in self.replicas}
        # The leader is the first server: the view covers what it has not applied.
        self.leader = next(iter(self.replicas))
        self.view = TreeView(self.replicas[self.leader])
        self.ahead = tree_of(state["tree"])
        self._notes: list[str] = []

    def observe(self) -> Mapping[str, Value]:
        """Show all trees and what they have yet to apply."""
        return {
            "tree": v.tree(self.ahead),
            "replica": function_of({name: v.tree(one) for name, one in self.replicas.items()}),
            "queue": function_of(
                {name: v.sequence(map(v.txn, queue)) for name, queue in self.queues.items()}
            ),
        }

    def notes(self) -> Iterator[str]:
        """Yield the outcomes since the last time."""
        yield from self._notes
        self._notes.clear()

    def close(self) -> None:
        """Nothing to stop."""

    # --- requests --------------------------------------------------------------------------------

    def _ask(self, session: int, op: int, record: object, ids: tuple[Id, ...] = ()) -> None:
        request = Request(session, 0, op, record, ids, self.zxid + 1, self.now, False)
        txn = self.view.stage(prepare(self.view, request, self.policy))
        self.zxid += 1
        apply(self.ahead, txn)
        for queue in self.queues.values():
            queue.append(txn)
        asked = v.operation(op)
        self._notes += [f"{asked}: {error}" for error in _errors(txn)]

    def _write(self, c: int, op: int, record: object) -> None:
        self._ask(c, op, record, self.ids[c])

    def create(self, c: int, path: Any, data: Any, acl: Any, flags: str) -> None:
        """Create a node."""
        self._write(c, OpCode.CREATE, r.create(path, data, acl, flags))

    def create2(self, c: int, path: Any, data: Any, acl: Any, flags: str) -> None:
        """Create a node, with its Stat in the reply."""
        self._write(c, OpCode.CREATE2, r.create(path, data, acl, flags))

    def create_container(self, c: int, path: Any, data: Any, acl: Any) -> None:
        """Create a container."""
        self._write(c, OpCode.CREATE_CONTAINER, r.create(path, data, acl, "CONTAINER"))

    def create_ttl(self, c: int, path: Any, data: Any, acl: Any, flags: str, ttl: int) -> None:
        """Create a node with a TTL."""
        self._write(c, OpCode.CREATE_TTL, r.create(path, data, acl, flags, ttl))

    def delete(self, c: int, path: Any, version: int) -> None:
        """Delete a node."""
        self._write(c, OpCode.DELETE, r.delete(path, version))

    def set_data(self, c: int, path: Any, data: Any, version: int) -> None:
        """Write a node."""
        self._write(c, OpCode.SET_DATA, r.set_data(path, data, version))

    def set_acl(self, c: int, path: Any, acl: Any, version: int) -> None:
        """Set the ACL of a node."""
        self._write(c, OpCode.SET_ACL, r.set_acl(path, acl, version))

    def multi(self, c: int, ops: Any) -> None:
        """Do several things or none."""
        self._write(c, OpCode.MULTI, r.multi(ops))

    def create_session(self, c: int, _server: Any, timeout: int) -> None:
        """Open a session."""
        self._ask(c, OpCode.CREATE_SESSION, CreateSessionRequest(timeout))

    def close_session(self, c: int) -> None:
        """Close a session."""
        self._ask(c, OpCode.CLOSE_SESSION, CloseSessionRequest())

    expire_session = close_session

    def delete_container(self, path: Any) -> None:
        """Sweep a container or a node whose time is up."""
        self._ask(0, OpCode.DELETE_CONTAINER, DeleteRequest(r.path(path), -1))

    def add_auth(self, c: int, identity: Any) -> None:
        """Prove one more identity."""
        self.ids[c] += (r.identity(identity),)

    # --- the servers, and what concerns clients alone --------------------------------------------

    def server_apply(self, server: Any) -> None:
        """Let a server apply the next transaction."""
        txn = self.queues[server].popleft()
        apply(self.replicas[server], txn)
        if server == self.leader:
            self.view.settle(txn.header.zxid)

    def tick(self) -> None:
        """Let a millisecond go by."""
        self.now += 1

    def receive(self, _c: int) -> None:
        """A client reads what has arrived: nothing to the tree."""

    disconnect = learn_expiry = receive

    def reconnect(self, _c: int, _server: Any) -> None:
        """A client goes to a server: nothing to the tree."""


def _errors(txn: Txn) -> list[str]:
    record = txn.record
    if isinstance(record, ErrorTxn):
        return [v.error(record.err)]
    if isinstance(record, MultiTxn):
        parts = [sub.record for sub in record.txns]
        errors = [v.error(part.err) for part in parts if isinstance(part, ErrorTxn)]
        return [f"part {error}" for error in errors] or ["Ok"]
    return ["Ok"]

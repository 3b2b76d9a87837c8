"""Clients of servers: the adapter of everything that one can connect to.

What the specification calls the channel of a client is what has arrived at it and was not looked at
yet: after each step a ping on every connection brings in all that the step has caused. Servers
apply transactions by themselves; a system whose trees can be seen shows them too.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from tests.mbt.znode import answers, drawing
from tests.mbt.znode import records as r
from tests.mbt.znode.answers import Asked
from tests.mbt.znode.line import Line
from tests.mbt.znode.numbers import Numbers
from tests.model.znode import values as v

from speccheck.evaluate.order import ordered
from speccheck.evaluate.values import TRUE, Value, function_of
from speckeeper.ops.shell.watches import Kind, WatchBook
from speckeeper.wire.codes import AddWatchMode, EventType, OpCode, WatcherType
from speckeeper.wire.handshake import ConnectRequest, session_password
from speckeeper.wire.requests import (
    AddWatchRequest,
    AuthRequest,
    CheckWatchesRequest,
    CloseSessionRequest,
    ExistsRequest,
    GetACLRequest,
    GetAllChildrenNumberRequest,
    GetChildrenRequest,
    GetDataRequest,
    GetEphemeralsRequest,
    MultiRequest,
    RemoveWatchesRequest,
    SetWatchesRequest,
    SyncRequest,
    WhoAmIRequest,
)

PEOPLE = ("alice:secret", "bob:secret")
_TIMEOUT_MS = 30_000

_KINDS = {
    "data": Kind.DATA,
    "exist": Kind.EXIST,
    "child": Kind.CHILD,
    "persistent": Kind.PERSISTENT,
    "persistentRecursive": Kind.PERSISTENT_RECURSIVE,
}
_WATCHERS = {
    "Children": WatcherType.CHILDREN,
    "Data": WatcherType.DATA,
    "Any": WatcherType.ANY,
    "Persistent": WatcherType.PERSISTENT,
    "PersistentRecursive": WatcherType.PERSISTENT_RECURSIVE,
}
_EVENTS = {v.event_type(code): code for code in EventType}


class System(Protocol):
    """One or more servers."""

    def __init__(self, state: Mapping[str, Value]) -> None:
        """Start the servers with the trees and sessions of an initial state."""
        ...

    def connect(self, server: Any) -> Line:
        """Open a connection."""
        ...

    def intrude(self, server: Any) -> Line:
        """Open a connection that no client knows of."""
        ...

    def zxid(self, real: int) -> int:
        """Return the number of a transaction in the order of all."""
        ...

    def real_zxid(self, number: int) -> int:
        """Return the zxid that the transaction with a number has."""
        ...

    def moment(self, ms: int) -> int:
        """Return how many ticks had passed at a time of the system's clock."""
        ...

    def tick(self) -> None:
        """Let the time pass that a tick stands for."""
        ...

    def sweep(self, path: str, lines: list[Line]) -> None:
        """Have an unused container or TTL node deleted; ``lines`` are the open connections."""
        ...

    def restart(self, servers: frozenset[Any]) -> None:
        """Stop servers and start them again, from what is on their disks. May raise NotAsked."""
        ...

    def shown(self, numbers: Numbers) -> dict[str, Value]:
        """Return what can be seen of the system beside what its clients are told."""
        ...

    def close(self) -> None:
        """Stop everything."""
        ...


@dataclass
class Client:
    """One client and its session; ``server`` is the one that it has a connection to."""

    id: int = 0
    password: bytes = b""
    line: Line | None = None
    server: Any = None
    inbox: deque[Any] = field(default_factory=deque)
    asked: deque[Asked] = field(default_factory=deque)
    watches: WatchBook = field(default_factory=WatchBook)
    last_zxid: int = 0
    proven: list[str] = field(default_factory=list)
    since: dict[tuple[Kind, str], int] = field(default_factory=dict)
    is_welcome: bool = False
    owes_watches: bool = False
    is_closing: bool = False
    end: str | None = None

    def lose(self) -> None:
        """The connection is gone, with what was on its way."""
        if self.end is None and (self.is_closing or not self.is_welcome):
            self.end = "closed" if self.is_closing else "expired"
        self.line = self.server = None
        self.inbox.clear()
        self.asked.clear()

    @property
    def session(self) -> str:
        """What this client knows of its session."""
        if self.end is not None:
            return self.end
        if self.line is None:
            return "lost" if self.id else "none"
        if self.is_closing:
            return "closing"
        if not self.is_welcome:
            return "connecting"
        return "reconnected" if self.owes_watches else "connected"

    @property
    def registered(self) -> Value:
        """The watches in its book, each with the zxid at which it was set."""
        return frozenset(
            v.record(kind=name, path=v.path(path), since=self.since.get((kind, path), 0))
            for request in self.watches.to_set_again(0)
            for (name, kind), paths in zip(_KINDS.items(), request[1:], strict=True)
            for path in paths
        )


class Served:
    """An adapter; subclasses say what the servers are."""

    system_type: ClassVar[type[Any]]
    keeps_order: ClassVar[bool] = True
    internal: ClassVar[frozenset[str]] = frozenset({"ServerApply"})
    often: ClassVar[frozenset[str]] = frozenset()
    weights = drawing.WEIGHTS
    usual = drawing.USUAL
    existing = drawing.EXISTING
    left_out: ClassVar[Mapping[str, str]] = {}

    def start(self, state: Mapping[str, Value]) -> None:
        """Begin with the trees and sessions of an initial state."""
        self.system: System = self.system_type(state)
        self.numbers = Numbers(
            PEOPLE, self.system.zxid, self.system.moment, keeps_order=self.keeps_order
        )
        self.clients = {c: Client() for c in state["session"]}
        self._notes: list[str] = []
        for c, client in self.clients.items():
            if state["session"][c] == "none":
                continue
            client.id, client.password = c, session_password(c)
            client.is_welcome = True
            self.numbers.knows_session(c, c)
            for watch in state["registered"][c]:
                client.watches.add(_KINDS[watch["kind"]], r.path(watch["path"]))
            if state["server"][c] != v.NULL:
                self.reconnect(c, state["server"][c])

    def observe(self) -> Mapping[str, Value]:
        """Show what the clients have been told, and what the system shows of itself."""
        clients = self.clients.items()
        return {
            "session": function_of({c: one.session for c, one in clients}),
            "registered": function_of({c: one.registered for c, one in clients}),
            "server": function_of({c: one.server or v.NULL for c, one in clients}),
            "channel": function_of({c: v.sequence(one.inbox) for c, one in clients}),
            "lastZxid": function_of({c: one.last_zxid for c, one in clients}),
            **self.system.shown(self.numbers),
        }

    def notes(self) -> Iterator[str]:
        """Yield the outcomes since the last time."""
        yield from self._notes
        self._notes.clear()

    def close(self) -> None:
        """Stop everything."""
        if hasattr(self, "system"):
            self.system.close()

    # --- connections ------------------------------------------------------------------------------

    def _settle(self, first: Client | None = None) -> None:
        """Take in all that has been caused, at ``first`` ahead of all others."""
        others = [one for one in self.clients.values() if one is not first]
        for client in ([] if first is None else [first]) + others:
            if client.line is not None:
                client.line.settle()
                self._take(client)

    def _take(self, client: Client) -> None:
        line = client.line
        assert line is not None
        while line.frames:
            frame = line.frames.popleft()
            if answers.is_event(frame):
                client.inbox.append(answers.event(frame, self.numbers))
            else:
                asked = client.asked.popleft()
                told = answers.reply(frame, asked, self.numbers)
                client.inbox.append(told)
                self._note(told)
        if line.ended and not (client.is_closing and not client.asked):
            client.lose()

    def _note(self, told: Any) -> None:
        answer = told["answer"]
        kind, parts = told["type"], answer.get("results")
        self._notes.append(f"{kind}: {answer['err']}")
        for part in parts.values_ if parts is not None else ():
            self._notes.append(f"{kind}: part {part['err']}")

    def _ask(
        self, c: int, op: int, record: Any, path: Value = answers.ROOT, **watches: str
    ) -> None:
        client = self.clients[c]
        assert client.line is not None, "only who has a connection asks"
        client.asked.append(Asked(int(op), record, path, watches))
        client.line.ask(int(op), record)
        self._settle(client)

    def _greet(
        self, client: Client, server: Any, timeout_ms: int, *, unknown: bool = False
    ) -> bool:
        """Connect, with the session if the client has one; tell whether the server grants it."""
        line = self.system.intrude(server) if unknown else self.system.connect(server)
        seen = self.system.real_zxid(client.last_zxid)
        request = ConnectRequest(0, seen, timeout_ms, client.id, client.password, False)
        answer = line.greet(request)
        if answer is None:
            return False
        if not answer.session_id or not answer.timeout_ms:
            line.cut()
            return False
        assert client.id in (0, answer.session_id), "a session keeps its id"
        client.id, client.password = answer.session_id, answer.password
        client.line, client.server = line, server
        return True

    # --- sessions ---------------------------------------------------------------------------------

    def create_session(self, c: int, server: Any, timeout: int) -> None:
        """Open a session."""
        client = self.clients[c]
        client.password = bytes(16)
        if self._greet(client, server, timeout):
            self.numbers.knows_session(client.id, c)
            assert client.line is not None, "it was granted"
            # The answer to the handshake has no zxid; the ping behind it has.
            client.line.settle()
            zxid = self.numbers.zxid(client.line.zxid)
            asked = Asked(int(OpCode.CREATE_SESSION), None)
            client.inbox.append(answers.message(asked, zxid, v.record(err="Ok")))
        self._settle()

    def close_session(self, c: int) -> None:
        """Close a session."""
        self.clients[c].is_closing = True
        self._ask(c, OpCode.CLOSE_SESSION, CloseSessionRequest())

    def expire_session(self, c: int) -> None:
        """End a session behind its client's back.

        Nobody can have a server find just now that a session is overdue. The same transaction
        comes of taking the session to another connection and closing it there.
        """
        client = self.clients[c]
        server = self._server_for(client)
        other = Client(client.id, client.password)
        assert self._greet(other, server, _TIMEOUT_MS, unknown=True), "the session lives"
        assert other.line is not None, "it was granted"
        other.line.ask(int(OpCode.CLOSE_SESSION), CloseSessionRequest())
        other.line.settle()
        self._settle()

    def disconnect(self, c: int) -> None:
        """Lose a connection."""
        client = self.clients[c]
        assert client.line is not None, "only who has a connection loses it"
        client.line.cut()
        client.lose()
        self._settle()

    def reconnect(self, c: int, server: Any) -> None:
        """Go on with a session at a server."""
        client = self.clients[c]
        if self._greet(client, server, _TIMEOUT_MS):
            assert client.line is not None, "it was granted"
            client.line.prove_again(client.proven)
            client.owes_watches = bool(client.registered)
        self._settle(client)

    def learn_expiry(self, c: int) -> None:
        """Try to go on with a session that is over: a server that grants it shows."""
        client = self.clients[c]
        self.reconnect(c, self._server_for(Client()))
        client.end = None if client.line else "expired"
        client.watches = WatchBook()

    def _server_for(self, client: Client) -> Any:
        """Return a server at which somebody can take a client's session over."""
        return client.server or self._servers()[0]

    def _servers(self) -> list[Any]:
        return list(self.system.servers)  # type: ignore[attr-defined]

    def restart(self, servers: frozenset[Any]) -> None:
        """Restart servers: those who were connected to them are not any more."""
        self.system.restart(servers)
        for client in self.clients.values():
            if client.server in servers:
                assert client.line is not None, "there was a connection"
                client.line.cut()
                client.lose()
        self._settle()

    def receive(self, c: int) -> None:
        """Look at what has arrived first, as a client does."""
        client = self.clients[c]
        told = client.inbox.popleft()
        if told["kind"] == "event":
            client.watches.fire(_EVENTS[told["type"]], r.path(told["path"]))
            return
        kind, watch, path = told["type"], told["watch"], r.path(told["path"])
        if kind == "createSession":
            client.is_welcome = True
        else:
            client.last_zxid = max(client.last_zxid, told["zxid"])
        if kind == "closeSession":
            client.watches = WatchBook()
            client.lose()
        elif kind == "removeWatches" and watch != "none":
            client.watches.remove(_WATCHERS[watch], path)
        elif watch != "none":
            client.watches.add(_KINDS[watch], path)
            client.since[_KINDS[watch], path] = told["zxid"]

    # --- time -------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Let time pass."""
        self.system.tick()

    def delete_container(self, path: Any) -> None:
        """Have the sweeper find a node."""
        lines = [
            one.line
            for one in self.clients.values()
            if one.line
            and not one.line.ended
            and not one.is_closing  # a closed session asks for nothing
        ]
        self.system.sweep(r.path(path), lines)
        self._settle()

    # --- writes -----------------------------------------------------------------------------------

    def _create(self, c: int, op: int, path: Any, *rest: Any) -> None:
        data, acl, flags, *ttl = rest
        request = r.create(path, data, v.sequence(()), flags, *ttl)
        self._ask(c, op, request._replace(acl=self.numbers.acl(acl)), path)

    def create(self, c: int, path: Any, data: Any, acl: Any, flags: str) -> None:
        """Create a node."""
        self._create(c, OpCode.CREATE, path, data, acl, flags)

    def create2(self, c: int, path: Any, data: Any, acl: Any, flags: str) -> None:
        """Create a node, with its Stat in the reply."""
        self._create(c, OpCode.CREATE2, path, data, acl, flags)

    def create_container(self, c: int, path: Any, data: Any, acl: Any) -> None:
        """Create a container."""
        self._create(c, OpCode.CREATE_CONTAINER, path, data, acl, "CONTAINER")

    def create_ttl(self, c: int, path: Any, data: Any, acl: Any, flags: str, ttl: int) -> None:
        """Create a node with a TTL."""
        self._create(c, OpCode.CREATE_TTL, path, data, acl, flags, ttl)

    def delete(self, c: int, path: Any, version: int) -> None:
        """Delete a node."""
        self._ask(c, OpCode.DELETE, r.delete(path, version), path)

    def set_data(self, c: int, path: Any, data: Any, version: int) -> None:
        """Write a node."""
        self._ask(c, OpCode.SET_DATA, r.set_data(path, data, version), path)

    def set_acl(self, c: int, path: Any, acl: Any, version: int) -> None:
        """Set the ACL of a node."""
        request = r.set_acl(path, v.sequence(()), version)
        self._ask(c, OpCode.SET_ACL, request._replace(acl=self.numbers.acl(acl)), path)

    def multi(self, c: int, ops: Any) -> None:
        """Do several things or none."""
        self._ask(c, OpCode.MULTI, r.multi(ops))

    # --- reads ------------------------------------------------------------------------------------

    def exists(self, c: int, path: Any, watch: Any) -> None:
        """Ask for a Stat."""
        kinds = {"Ok": "data", "NoNode": "exist"} if watch is TRUE else {}
        self._ask(c, OpCode.EXISTS, ExistsRequest(r.path(path), watch is TRUE), path, **kinds)

    def get_data(self, c: int, path: Any, watch: Any) -> None:
        """Read a node."""
        kinds = {"Ok": "data"} if watch is TRUE else {}
        self._ask(c, OpCode.GET_DATA, GetDataRequest(r.path(path), watch is TRUE), path, **kinds)

    def get_children(self, c: int, path: Any, watch: Any) -> None:
        """List children."""
        self._children(c, OpCode.GET_CHILDREN, path, watch)

    def get_children2(self, c: int, path: Any, watch: Any) -> None:
        """List children, with the Stat."""
        self._children(c, OpCode.GET_CHILDREN2, path, watch)

    def _children(self, c: int, op: int, path: Any, watch: Any) -> None:
        kinds = {"Ok": "child"} if watch is TRUE else {}
        self._ask(c, op, GetChildrenRequest(r.path(path), watch is TRUE), path, **kinds)

    def get_acl(self, c: int, path: Any) -> None:
        """Read an ACL."""
        self._ask(c, OpCode.GET_ACL, GetACLRequest(r.path(path)), path)

    def get_all_children_number(self, c: int, path: Any) -> None:
        """Count descendants."""
        op = OpCode.GET_ALL_CHILDREN_NUMBER
        self._ask(c, op, GetAllChildrenNumberRequest(r.path(path)), path)

    def get_ephemerals(self, c: int, path: Any) -> None:
        """List the session's own ephemerals."""
        self._ask(c, OpCode.GET_EPHEMERALS, GetEphemeralsRequest(r.path(path)), path)

    def who_am_i(self, c: int) -> None:
        """Ask who one is."""
        self._ask(c, OpCode.WHO_AM_I, WhoAmIRequest())

    def multi_read(self, c: int, ops: Any) -> None:
        """Read several nodes."""
        kinds = {"getData": GetDataRequest, "getChildren": GetChildrenRequest}
        parts = tuple(
            (r.OPERATIONS[op["type"]], kinds[op["type"]](r.path(op["record"]["path"]), False))
            for op in ops.values_
        )
        self._ask(c, OpCode.MULTI_READ, MultiRequest(parts))

    def sync(self, c: int, path: Any) -> None:
        """Wait for what is under way."""
        self._ask(c, OpCode.SYNC, SyncRequest(r.path(path)), path)

    def add_auth(self, c: int, identity: Any) -> None:
        """Prove one more identity."""
        client = self.clients[c]
        client.proven.append(identity["id"])
        scheme, text = identity["scheme"], identity["id"]
        self._ask(c, OpCode.AUTH, AuthRequest(0, scheme, text.encode()))

    # --- watches ----------------------------------------------------------------------------------

    def add_watch(self, c: int, path: Any, mode: str) -> None:
        """Leave a watch that stays."""
        kinds = {"Ok": "persistent" if mode == "PERSISTENT" else "persistentRecursive"}
        request = AddWatchRequest(r.path(path), int(AddWatchMode[mode]))
        self._ask(c, OpCode.ADD_WATCH, request, path, **kinds)

    def check_watches(self, c: int, path: Any, kind: str) -> None:
        """Ask whether there is a watch."""
        request = CheckWatchesRequest(r.path(path), int(_WATCHERS[kind]))
        self._ask(c, OpCode.CHECK_WATCHES, request, path)

    def remove_watches(self, c: int, path: Any, kind: str) -> None:
        """Take watches back."""
        request = RemoveWatchesRequest(r.path(path), int(_WATCHERS[kind]))
        self._ask(c, OpCode.REMOVE_WATCHES, request, path, Ok=kind)

    def set_watches(self, c: int) -> None:
        """Set all watches again; their order is the client's, so it is the specification's."""
        client = self.clients[c]
        (again,) = client.watches.to_set_again(self.system.real_zxid(client.last_zxid))
        lists = (tuple(map(r.path, ordered(frozenset(map(v.path, paths))))) for paths in again[1:])
        request = SetWatchesRequest(again.relative_zxid, *lists)
        client.owes_watches = False
        self._ask(c, OpCode.SET_WATCHES2, request)


class StandaloneServed(Served):
    """Clients of one server, at which nothing is under way behind a step."""

    left_out: ClassVar[Mapping[str, str]] = {
        "Lag": "there is nobody to fall behind",
        "CatchUp": "there is nobody to catch up with",
    }

    def observe(self) -> Mapping[str, Value]:
        """Show that no request waits, too."""
        pending = function_of(dict.fromkeys(self.clients, v.sequence(())))
        return {**super().observe(), "pending": pending}

"""Two servers, one script of requests, and the first answer in which they differ.

A `Step` is one thing a client does: open a connection, send a request, a burst of requests or
plain bytes, drop the socket. `Differential` plays each step on the judge (Apache ZooKeeper) and on
the subject, then sends a ping on every open connection: what a connection receives before its ping
reply is what the step caused there, watch events included, and the reply's zxid says how many
transactions there have been. The shapes of everything received must be equal after mapping what is
each server's own: session ids, times, and zxids where `KNOWN` lists a reason. At the end of a
script every session is closed and the tree that is left is compared node by node and deleted.
"""

from __future__ import annotations

import struct
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import raw_client as zk
from peers import Peer
from reply_shapes import Value, connect_shape, event_shape, reply_shape

Body = bytes | Callable[["Lane"], bytes]
ERROR_NAMES = {
    0: "Ok",
    -2: "RuntimeInconsistency",
    -5: "MarshallingError",
    -6: "Unimplemented",
    -8: "BadArguments",
    -101: "NoNode",
    -102: "NoAuth",
    -103: "BadVersion",
    -108: "NoChildrenForEphemerals",
    -110: "NodeExists",
    -111: "NotEmpty",
    -112: "SessionExpired",
    -114: "InvalidACL",
    -115: "AuthFailed",
    -121: "NoWatcher",
    -123: "ReconfigDisabled",
    -125: "QuotaExceeded",
}
EVENT_NAMES = {
    1: "NodeCreated",
    2: "NodeDeleted",
    3: "NodeDataChanged",
    4: "NodeChildrenChanged",
    5: "DataWatchRemoved",
    6: "ChildWatchRemoved",
    7: "PersistentWatchRemoved",
}
# Writes whose body may fail to decode, and of these the ones for which that has always meant that
# no zxid is issued: the failure comes before Apache asks for one.
UNDECODABLE = frozenset(
    {zk.CREATE, zk.CREATE2, zk.CREATE_CONTAINER, zk.CREATE_TTL, zk.DELETE, zk.DELETE_CONTAINER}
    | {zk.SET_DATA, zk.SET_ACL, zk.RECONFIG, zk.MULTI}
)
ALWAYS_WITHOUT_ZXID = frozenset({zk.RECONFIG, zk.MULTI})


class Known(NamedTuple):
    """A difference between Apache's own versions: `concerns(version)` says which judges have it."""

    name: str
    concerns: Callable[[tuple[int, int, int]], bool]
    reason: str


# What the judge may answer otherwise than SpecKeeper, and why. Nothing else is let through; what
# scripts leave out, and why, is said where they leave it out.
KNOWN = (
    Known(
        "event-zxid",
        lambda version: version < (3, 9, 0),
        "watch events carry the zxid of their transaction since 3.9.0, −1 before (ZOOKEEPER-4655)",
    ),
    Known(
        "undecodable-reuses-zxid",
        lambda version: True,
        "a write whose body does not decode becomes an error transaction under the last zxid"
        " issued, so that two share one (reconfig and multi at all times, the others since"
        " 3.9.0); SpecKeeper takes a new zxid",
    ),
    Known(
        "null-fields",
        lambda version: True,
        "a null where ZooKeeper's records want a string or a list makes Apache stumble somewhere"
        " (NullPointerException); SpecKeeper refuses it as well, where it is looked at",
    ),
    Known(
        "error-with-body",
        lambda version: True,
        "behind an error of multi and multiRead Apache may send what results it had by then;"
        " clients do not read it",
    ),
)
# Left out of the scripts for a judge, as the subject follows the later version.
UNTESTABLE = (
    Known(
        "exists-needs-read",
        lambda version: version < (3, 8, 4) or (3, 9, 0) <= version < (3, 9, 2),
        "exists checks READ, and sessions without READ get no events, since 3.8.4 and 3.9.2",
    ),
    Known(
        "older-rules",
        lambda version: version < (3, 9, 0),
        "since 3.9.0 watch modes of one (path, connection) combine and watcher types 4 and 5 exist,"
        " and a multi with a bad operation is refused whole before any of it is looked at",
    ),
)


def names_concerning(table: Iterable[Known], version: tuple[int, int, int]) -> frozenset[str]:
    """The names of the entries of a table that concern a judge of this version."""
    return frozenset(known.name for known in table if known.concerns(version))


@dataclass(frozen=True)
class Step:
    """One action of a script. `note` is what a reader of a report sees."""

    connection: str
    action: str  # open, send, burst, bytes, drop, await (`xid` events)
    note: str = ""
    xid: int = 0
    op: int = 0
    body: Body = b""
    session: str | None = None  # open: whose session to take up; None makes a new one
    # open: arguments of `connect_request`, or "payload": the request's bytes
    connect: Mapping[str, object] = field(default_factory=dict)
    burst: tuple[tuple[int, int, bytes], ...] = ()
    any_error: bool = False  # both must refuse; with which error is left open

    def __str__(self) -> str:
        what = (
            f" {zk.OP_NAMES.get(self.op, self.op)} xid {self.xid}" if self.action == "send" else ""
        )
        return f"{self.connection}: {self.action}{what} {self.note}".rstrip()


class Seen(NamedTuple):
    """Something one connection received (or that it was closed) during a step."""

    connection: str
    what: str  # connected, reply, event, ping, closed
    op: int
    values: list[Value]


class Lane:
    """One server's side of a script: its connections, its sessions, and how to map its numbers."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.connections: dict[str, zk.RawConnection] = {}
        self.sessions: dict[str, zk.Session] = {}
        self.owner_names: dict[int, str] = {}
        self.zxids = [0]  # last processed zxid after each step, as far as a ping told it
        self.zxid_shifts = [(0, 0)]  # from this zxid on, subtract this
        self.times: dict[int, int] = {}

    def perform(self, step: Step) -> list[Seen]:
        """Play a step; what it caused, in order per connection."""
        seen: list[Seen] = []
        if step.action == "open":
            self._open(step, seen)
        elif step.action == "drop":
            self._drop(step.connection)
        elif step.connection in self.connections:
            connection = self.connections[step.connection]
            if step.action == "await":
                for _ in range(step.xid):
                    frame = self._frame(step.connection, seen)
                    if frame is None or not self._is_event(step.connection, frame, seen):
                        break
            elif step.action == "bytes":
                assert isinstance(step.body, bytes)
                connection.send_bytes(step.body)
                if step.op:
                    self._replies(step.connection, [step.op], seen)
            elif step.action == "burst":
                frames = (zk.integer(xid) + zk.integer(op) + body for xid, op, body in step.burst)
                connection.send_bytes(b"".join(zk.integer(len(f)) + f for f in frames))
                self._replies(step.connection, [op for _, op, _ in step.burst], seen)
            else:
                body = step.body(self) if callable(step.body) else step.body
                connection.request(step.xid, step.op, body)
                self._replies(step.connection, [step.op], seen)
                if seen and self._announces_close(seen[-1]):
                    self._await_close(step.connection, seen)
        self._barrier(seen)
        return seen

    def _open(self, step: Step, seen: list[Seen]) -> None:
        self._forget(step.connection)
        connection = zk.RawConnection(self.peer.port)
        request = dict(step.connect)
        if step.session is not None and step.session in self.sessions:
            session = self.sessions[step.session]
            request = {"session_id": session.session_id, "password": session.password, **request}
        payload = request.pop("payload", None)
        answer = connection.handshake(
            payload if isinstance(payload, bytes) else zk.connect_request(**request)  # type: ignore[arg-type]
        )
        if answer is None:
            connection.close()
            seen.append(Seen(step.connection, "closed", 0, []))
            return
        self.connections[step.connection] = connection
        if answer.session_id:
            name = step.session or step.connection
            self.sessions[name] = answer
            self.owner_names[answer.session_id] = name
        seen.append(Seen(step.connection, "connected", 0, connect_shape(answer.frame)))

    def _drop(self, name: str) -> None:
        """Close a connection and wait until the server has done so too: what the server does at
        that moment on a thread of its own is not to race with the next step."""
        connection = self.connections.get(name)
        if connection is not None:
            connection.hang_up()
        self._forget(name)

    def _forget(self, name: str) -> None:
        connection = self.connections.pop(name, None)
        if connection is not None:
            connection.close()

    def _replies(self, name: str, ops: Sequence[int], seen: list[Seen]) -> None:
        """Read until each of `ops` has its reply, or until the connection is closed."""
        waiting = list(ops)
        while waiting:
            frame = self._frame(name, seen)
            if frame is None:
                return
            if not self._is_event(name, frame, seen):
                op = waiting.pop(0)
                seen.append(Seen(name, "reply", op, reply_shape(op, frame)))

    @staticmethod
    def _announces_close(seen: Seen) -> bool:
        """Whether Apache closes the connection after this reply, so that no ping may follow it."""
        if seen.what != "reply" or len(seen.values) < 3:
            return False
        err = seen.values[2].value
        return (
            seen.op == zk.CLOSE
            or (err == -6 and seen.op != zk.RECONFIG)
            or (err != 0 and seen.op in (zk.AUTH, zk.SASL))
        )

    def _await_close(self, name: str, seen: list[Seen]) -> None:
        self.connections[name].socket.settimeout(2.0)
        while (frame := self._frame(name, seen)) is not None:
            if not self._is_event(name, frame, seen):
                seen.append(Seen(name, "reply", 0, reply_shape(0, frame)))

    def _barrier(self, seen: list[Seen]) -> None:
        last = self.zxids[-1]
        for connection in self.connections.values():
            connection.request(zk.XID_PING, zk.PING)
        for name in list(self.connections):
            while (frame := self._frame(name, seen)) is not None:
                if self._is_event(name, frame, seen):
                    continue
                seen.append(Seen(name, "ping", zk.PING, reply_shape(zk.PING, frame)))
                if len(frame) == 16 and frame[:4] == b"\xff\xff\xff\xfe":
                    last = struct.unpack_from(">q", frame, 4)[0]
                    break
        self.zxids.append(last)

    def _frame(self, name: str, seen: list[Seen]) -> bytes | None:
        try:
            frame = self.connections[name].frame()
        except TimeoutError:
            seen.append(Seen(name, "silence", 0, []))
            frame = None
        if frame is None:
            if not (seen and seen[-1].what == "silence"):
                seen.append(Seen(name, "closed", 0, []))
            self._forget(name)
        return frame

    @staticmethod
    def _is_event(name: str, frame: bytes, seen: list[Seen]) -> bool:
        if frame[:4] != b"\xff\xff\xff\xff" or len(frame) < 16:
            return False
        seen.append(Seen(name, "event", 0, event_shape(frame)))
        return True

    def zxid(self, zxid: int) -> int:
        """This server's zxid as the judge counts."""
        shift = 0
        for start, by in self.zxid_shifts:
            if zxid >= start:
                shift = by
        return zxid - shift if zxid > 0 else zxid

    def normal(self, seen: Seen) -> list[tuple[str, object]]:
        """The labelled values of something received, with this server's own numbers mapped."""
        mapped: list[tuple[str, object]] = []
        stat: dict[str, int] = {}
        for label, value, kind in seen.values:
            if kind == "zxid":
                assert isinstance(value, int)
                stat[label] = value
                mapped.append((label, self.zxid(value)))
            elif kind == "session":
                assert isinstance(value, int)
                mapped.append((label, self.owner_names.get(value, value)))
            elif kind == "time":
                assert isinstance(value, int)
                of = stat.get("czxid" if label == "ctime" else "mzxid", 0)
                mapped.append((label, self._time(value, of)))
            else:
                mapped.append((label, value))
        return mapped

    def _time(self, value: int, zxid: int) -> object:
        """ "now" for a recent time that is the same wherever its transaction shows, else itself."""
        if abs(value - time.time() * 1000) > 3600_000:
            return value
        return "now" if self.times.setdefault(zxid, value) == value else f"not that of {zxid:#x}"

    def close(self) -> None:
        for connection in self.connections.values():
            connection.close()
        self.connections.clear()


class Divergence(NamedTuple):
    """Where two servers part: the step's number and text, both answers, and what led there."""

    number: int
    step: str
    judge: str
    subject: str
    first: str
    history: list[str]

    def __str__(self) -> str:
        lines = [f"step {self.number}: {self.step}", f"  differs in {self.first}"]
        lines += ["  judge:   " + self.judge, "  subject: " + self.subject, "  before it:"]
        return "\n".join(lines + [f"    {line}" for line in self.history])


def show(values: Sequence[tuple[str, object]]) -> str:
    return " ".join(f"{label}={value!r}" for label, value in values)


def _refuses(*replies: Seen) -> bool:
    """Whether each of the replies, or the results in it, has an error."""
    return all(any("err" in label and value for label, value, _ in one.values) for one in replies)


class Coverage:
    """How often the judge gave each outcome to each operation."""

    def __init__(self) -> None:
        self.outcomes: Counter[tuple[str, str]] = Counter()

    def add(self, seen: Sequence[Seen]) -> None:
        for what in seen:
            values = {label: value for label, value, _ in what.values}
            if what.what == "reply":
                name = zk.OP_NAMES.get(what.op, "unknown opcode")
                err = values.get("err")
                self.outcomes[name, ERROR_NAMES.get(err, str(err))] += 1  # type: ignore[arg-type]
                if what.op in (zk.MULTI, zk.MULTI_READ):
                    for label, value, _ in what.values[3:]:
                        if label == "result err":
                            self.outcomes[name + " result", ERROR_NAMES.get(value, str(value))] += 1  # type: ignore[call-overload]
            elif what.what == "event":
                kind = values.get("type")
                self.outcomes["event", EVENT_NAMES.get(kind, str(kind))] += 1  # type: ignore[arg-type]
            elif what.what in ("closed", "connected", "silence"):
                accepted = what.what == "connected" and values.get("timeout")
                refused = what.what == "connected" and not accepted
                self.outcomes["connection", "refused" if refused else what.what] += 1

    def table(self) -> str:
        """One line per operation: outcomes and how often."""
        rows: dict[str, list[str]] = {}
        for (operation, outcome), count in sorted(self.outcomes.items()):
            rows.setdefault(operation, []).append(f"{outcome} {count}")
        return "\n".join(f"{name:22} {', '.join(cells)}" for name, cells in rows.items())


class Differential:
    """A judge and a subject, freshly started, that play the same scripts one after the other."""

    def __init__(self, judge: Peer, subject: Peer, coverage: Coverage | None = None) -> None:
        self.judge = Lane(judge)
        self.subject = Lane(subject)
        self.coverage = coverage or Coverage()
        version = judge.kind.version or (9, 9, 9)
        self.known = names_concerning(KNOWN, version)
        self.history: list[str] = []
        self.steps = 0

    def play(self, steps: Iterable[Step]) -> Divergence | None:
        """Play a script and tidy up after it; the first difference, or None."""
        self.history.clear()
        self.steps = 0
        for step in steps:
            if step.action in ("send", "burst", "bytes"):
                difference = self._ensure_open(step.connection)
                if difference is not None:
                    return difference
            difference = self.step(step)
            if difference is not None:
                return difference
        return self._tidy()

    def step(self, step: Step) -> Divergence | None:
        """Play one step on both servers and compare."""
        judged = self._comparable(step, self.judge.perform(step))
        got = self._comparable(step, self.subject.perform(step))
        self.coverage.add(judged)
        self._shift_zxids(judged)
        self.steps += 1
        difference = self._compare(step, judged, got)
        self.history.append(f"{step} -> {self._outcome(judged)}")
        return difference

    @staticmethod
    def _comparable(step: Step, seen: list[Seen]) -> list[Seen]:
        """What was seen without what Apache leaves open or `KNOWN` lets through."""
        for index, item in enumerate(seen):
            if (
                item.op in (zk.MULTI, zk.MULTI_READ)
                and len(item.values) > 3
                and item.values[2].value
            ):
                seen[index] = item._replace(values=item.values[:3])
        if step.op == zk.CLOSE or step.action == "await":
            # The ephemerals of a session go, and nodes are swept, in the order of a Java HashSet.
            events = [index for index, item in enumerate(seen) if item.what == "event"]
            for name in {seen[index].connection for index in events}:
                places = [index for index in events if seen[index].connection == name]
                in_order = sorted(
                    (seen[index] for index in places), key=lambda item: repr(item.values[3:])
                )
                for index, item in zip(places, in_order, strict=True):
                    seen[index] = item
        return seen

    def _shift_zxids(self, judged: Sequence[Seen]) -> None:
        """Let the subject be ahead by one more where the judge used a zxid twice."""
        version = self.judge.peer.kind.version or (9, 9, 9)
        without_zxid = UNDECODABLE if version >= (3, 9, 0) else ALWAYS_WITHOUT_ZXID
        undecodable = sum(
            1
            for seen in judged
            if seen.what == "reply" and seen.op in without_zxid and seen.values[2].value == -5
        )
        if undecodable:
            start, by = self.subject.zxids[-1], self.subject.zxid_shifts[-1][1]
            ahead = start - self.judge.zxids[-1]
            if by < ahead <= by + undecodable:
                self.subject.zxid_shifts.append((start - (ahead - by) + 1, ahead))

    def _compare(
        self, step: Step, judged: Sequence[Seen], got: Sequence[Seen]
    ) -> Divergence | None:
        for i in range(max(len(judged), len(got))):
            expected = judged[i] if i < len(judged) else None
            answer = got[i] if i < len(got) else None
            if expected is None or answer is None or expected[:3] != answer[:3]:
                return self._divergence(step, expected, answer, "what was received")
            if step.any_error and expected.what == "reply" and _refuses(expected, answer):
                continue
            left, right = self.judge.normal(expected), self.subject.normal(answer)
            if left != right:
                first = self._first_difference(left, right)
                if first is not None:
                    return self._divergence(step, expected, answer, first)
        return None

    def _first_difference(
        self, left: Sequence[tuple[str, object]], right: Sequence[tuple[str, object]]
    ) -> str | None:
        for (label, a), (other, b) in zip(left, right, strict=False):
            if label != other:
                return f"{label} / {other}"
            if a == b or (label == "event zxid" and a == -1 and "event-zxid" in self.known):
                continue
            return label
        return None if len(left) == len(right) else "length"

    def _divergence(
        self, step: Step, expected: Seen | None, answer: Seen | None, first: str
    ) -> Divergence:
        def text(lane: Lane, seen: Seen | None) -> str:
            if seen is None:
                return "nothing"
            return f"{seen.connection} {seen.what} {show(lane.normal(seen))}"

        return Divergence(
            self.steps,
            str(step),
            text(self.judge, expected),
            text(self.subject, answer),
            first,
            list(self.history[-14:]),
        )

    @staticmethod
    def _outcome(judged: Sequence[Seen]) -> str:
        words = []
        for seen in judged:
            if seen.what == "reply":
                err = seen.values[2].value if len(seen.values) > 2 else None
                words.append(ERROR_NAMES.get(err, str(err)))  # type: ignore[arg-type]
            elif seen.what == "event":
                kind, path = seen.values[3].value, seen.values[5].value
                words.append(f"[{seen.connection}: {EVENT_NAMES.get(kind, kind)} {path}]")  # type: ignore[call-overload]
            elif seen.what != "ping":
                words.append(f"[{seen.connection} {seen.what}]")
        return " ".join(words)

    def _ensure_open(self, name: str) -> Divergence | None:
        """Open a connection that a script uses but that is closed: its session again, if alive."""
        for note in ("(again)", "(anew)"):
            if name in self.judge.connections and name in self.subject.connections:
                break
            difference = self.step(Step(name, "open", note, session=name))
            if difference is not None:
                return difference
            if name not in self.judge.connections:
                self._forget_session(name)
        return None

    def _forget_session(self, name: str) -> None:
        for lane in (self.judge, self.subject):
            lane.sessions.pop(name, None)

    def _tidy(self) -> Divergence | None:
        """Close every session, then compare and delete what is left of the tree."""
        for name in list(self.judge.sessions):
            if name == "tidy":
                continue
            difference = self._ensure_open(name) or self.step(Step(name, "send", "", 999, zk.CLOSE))
            if difference is not None:
                return difference
            self._forget_session(name)
        difference = self._ensure_open("tidy")
        if difference is None:
            super_user = zk.auth("digest", "super:test")
            difference = self.step(Step("tidy", "send", "super", zk.XID_AUTH, zk.AUTH, super_user))
        # Without digest authentication there is no super user, and the connection is closed.
        difference = difference or self._ensure_open("tidy")
        if difference is not None:
            return difference
        paths: list[str] = []
        pending = ["/"]
        while pending:
            path = pending.pop()
            paths.append(path)
            for op in (zk.GET_DATA, zk.GET_ACL, zk.GET_CHILDREN2):
                body = zk.buffer(path) if op == zk.GET_ACL else zk.path_watch(path)
                difference = self.step(Step("tidy", "send", path, 1, op, body))
                if difference is not None:
                    return difference
            pending += [path.rstrip("/") + "/" + name for name in self._children(path)]
        for path in reversed(paths):
            if path in ("/", "/zookeeper", "/zookeeper/config", "/zookeeper/quota"):
                continue
            body = zk.path_version(path)
            difference = self.step(Step("tidy", "send", path, 2, zk.DELETE, body))
            if difference is not None:
                return difference
        return None

    def _children(self, path: str) -> list[str]:
        """Children of a node as the judge has them, none if they may not be read."""
        connection = self.judge.connections["tidy"]
        _, err, body = connection.call(3, zk.GET_CHILDREN, zk.path_watch(path))
        if err:
            return []
        shape = reply_shape(zk.GET_CHILDREN, b"\0" * 16 + body)
        children = shape[3].value
        assert isinstance(children, tuple)
        return [str(name) for name in children]

    def close(self) -> None:
        self.judge.close()
        self.subject.close()

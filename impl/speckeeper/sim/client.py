"""A client of the simulated world: it speaks the client protocol to whichever server takes it in.

Connects, pings, gives up a silent server, goes on with its session elsewhere, sets its watches
again, and begins anew when the session is over. What it asks is the workload's to say, what it may
be answered the judge's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from random import Random
from struct import Struct
from typing import Protocol

from speckeeper.history.recorder import Recorder, Recording
from speckeeper.sim.clock import Clock
from speckeeper.sim.doors import address_of
from speckeeper.sim.judge_client import Asked, JudgedClient
from speckeeper.sim.link import Link
from speckeeper.sim.node import Node
from speckeeper.sim.transcript import answered, asked_for, dotted
from speckeeper.wire.codes import OpCode
from speckeeper.wire.handshake import (
    NO_PASSWORD,
    ConnectRequest,
    decode_connect_response,
    encode_connect_request,
)
from speckeeper.wire.jute import Reader
from speckeeper.wire.replies import decode_reply_header, decode_watch_event
from speckeeper.wire.requests import CloseSessionRequest, Request, encode_request

_FRAME = Struct(">iii")
_LENGTH = Struct(">i")
_PING = int(OpCode.PING)
_SET_WATCHES = int(OpCode.SET_WATCHES)
_CLOSE_SESSION = int(OpCode.CLOSE_SESSION)
_PING_XID, _SET_WATCHES_XID, _EVENT_XID = -2, -8, -1
# ClientCnxn: a silent server is given up after two thirds of the session timeout.
_LONGEST_RETRY_MS = 100


class Workload(Protocol):
    """What a client asks for."""

    def next(self) -> tuple[int, Request]:
        """Return the next operation and its request."""
        ...

    def pause_ms(self) -> int:
        """Return how long the client rests now."""
        ...


class Client:
    """One client; ``id``: its name in the network."""

    def __init__(
        self,
        number: int,
        clock: Clock,
        nodes: dict[int, Node],
        judged: JudgedClient,
        workload: Workload,
        rng: Random,
        timeout_ms: int,
        log: Callable[[str], None] | None = None,
        *,
        may_read_only: bool = False,
        recorder: Recorder | None = None,
    ) -> None:
        """``may_read_only``: it can live with a server that has no leader, and says so."""
        self.id = number
        self._recorder = recorder
        self._recording: Recording | None = None
        self.judged = judged
        self.answers = 0
        """How many requests have been answered, pings apart."""
        self.resting = False
        """Ask for nothing new."""
        self._clock = clock
        self._nodes = nodes
        self._workload = workload
        self._rng = rng
        self._timeout_ms = timeout_ms
        self._log = log
        self._may_read_only = may_read_only
        self._password = NO_PASSWORD
        self._granted_ms = timeout_ms
        self._link: Link | None = None
        self._to_server: Callable[[bytes], None] = lambda data: None
        self._greeted = False
        self._inbox = b""
        self._xid = 0
        self._asked: deque[Asked] = deque()
        self._heard_ms = self._sent_ms = 0
        self._attempt = 0  # counts connections, so that what concerns an earlier one is ignored
        self._order: list[int] = []
        self._acting = False

    @property
    def waits(self) -> bool:
        """Whether requests are not answered yet."""
        return bool(self._asked)

    # -- connections

    def start(self) -> None:
        """Look for a server."""
        self._retry()

    def disconnect(self) -> bool:
        """Lose the connection, which the network breaks; return whether there is one."""
        link = self._link
        if link is not None:
            link.cut()
        return link is not None

    def _retry(self) -> None:
        self._attempt += 1
        attempt = self._attempt

        def again() -> None:
            if attempt == self._attempt:
                self._connect()

        self._clock.after(1 + int(self._rng.random() * _LONGEST_RETRY_MS), again)

    def _connect(self) -> None:
        """Try the servers in an order of our own, one after the other."""
        if not self._order:
            self._order = [*self._nodes]
            self._rng.shuffle(self._order)
        node = self._nodes[self._order.pop()]
        network = node.world.network
        reached = network.connected(self.id, node.id)
        if not reached or node.peer is None or not node.doors.are_open:
            self._retry()
            return
        attempt = self._attempt
        if self._recorder is not None:
            self._recording = self._recorder.connection(address_of(self.id))
        self._link, self._to_server = node.doors.accept(
            self.id,
            lambda data, applied: self._received(attempt, data, applied),
            lambda: self._lost(attempt),
        )
        self._greeted = False
        self._inbox = b""
        self._heard_ms = self._clock.now_ms
        judged = self.judged
        greeting = ConnectRequest(
            0,
            judged.last_zxid,
            self._timeout_ms,
            judged.session,
            self._password,
            self._may_read_only,
        )
        self._note(f"-> {node.id} connect {judged.session:x} with {dotted(judged.last_zxid)}")
        raw = encode_connect_request(greeting)
        self._send(_LENGTH.pack(len(raw)) + raw)
        self._watch_over(attempt)

    def _watch_over(self, attempt: int) -> None:
        """Ping a server that we have not sent anything lately, give up one that is silent."""
        if attempt != self._attempt or self._link is None:
            return
        now_ms, third_ms = self._clock.now_ms, self._granted_ms // 3
        if now_ms - self._heard_ms >= 2 * third_ms:
            self._note("gives up a silent server")
            self._link.close(self.id)
            self._lost(attempt)
            return
        if self._greeted and now_ms - self._sent_ms >= third_ms:
            self._send_request(_PING_XID, _PING, b"")
        due_ms = self._heard_ms + 2 * third_ms
        if self._greeted:
            due_ms = min(due_ms, self._sent_ms + third_ms)
        self._clock.at(max(due_ms, now_ms + 1), lambda: self._watch_over(attempt))

    def _lost(self, attempt: int) -> None:
        if attempt == self._attempt:
            if self._recording is not None:
                self._recording.ended(self._now_us())
            self._link = None
            self._asked.clear()
            self._retry()

    def _send(self, data: bytes) -> None:
        self._sent_ms = self._clock.now_ms
        link, to_server = self._link, self._to_server
        if self._recording is not None:
            self._recording.sent(data, self._now_us())
        if link is not None:
            link.send(self.id, lambda: to_server(data))

    def _send_request(self, xid: int, op: int, body: bytes) -> None:
        self._send(_FRAME.pack(8 + len(body), xid, op) + body)

    def _now_us(self) -> int:
        return self._clock.now_ms * 1000

    # -- what comes

    def _received(self, attempt: int, data: bytes, applied: int) -> None:
        if attempt != self._attempt:
            return
        self._heard_ms = self._clock.now_ms
        if self._recording is not None:
            self._recording.received(data, self._now_us())
        self._inbox += data
        while len(self._inbox) >= 4 and attempt == self._attempt:
            end = 4 + _LENGTH.unpack_from(self._inbox)[0]
            if len(self._inbox) < end:
                break
            frame, self._inbox = self._inbox[4:end], self._inbox[end:]
            if self._greeted:
                self._reply(frame)
            else:
                self._welcome(frame, applied)

    def _welcome(self, frame: bytes, applied: int) -> None:
        answer = decode_connect_response(frame)
        self._note(f"<- session {answer.session_id:x} of {answer.timeout_ms} ms")
        judged = self.judged
        if not answer.session_id:
            judged.refused(judged.session)
            self._password = NO_PASSWORD
            return  # the server closes the connection
        judged.opened(answer.session_id, applied)
        judged.begins_read_only(bool(answer.read_only), self._may_read_only)
        self._password, self._granted_ms = answer.password, answer.timeout_ms
        self._greeted = True
        rewatch = judged.watches.request(judged.last_zxid)
        if rewatch is not None:
            body = encode_request(_SET_WATCHES, rewatch)
            self._send_request(_SET_WATCHES_XID, _SET_WATCHES, body)
        self._act_later()

    def _reply(self, frame: bytes) -> None:
        reader = Reader(frame)
        xid, zxid, err = decode_reply_header(reader)
        if self._log is not None:
            self._note(f"gets {answered(xid, zxid, err, frame[16:])}")
        if xid == _EVENT_XID:
            kind, _, path = decode_watch_event(reader)
            self.judged.fired(kind, path, zxid)
        elif xid == _SET_WATCHES_XID:
            self.judged.rewatched(zxid)
        elif xid != _PING_XID:
            asked = self._asked.popleft()
            self.judged.replied(asked, xid, zxid, err, frame[16:])
            self.answers += 1
            if asked.op == _CLOSE_SESSION:
                self.judged.over()
                self._password = NO_PASSWORD
            elif not self._asked:
                self._act_later()

    # -- what goes

    def _act_later(self) -> None:
        if not self._acting:
            self._acting = True
            self._clock.after(self._workload.pause_ms(), self._act)

    def _act(self) -> None:
        """Ask for something, sometimes for more than one thing at once."""
        self._acting = False
        if self._link is None or not self._greeted or self._asked:
            return
        if self.resting:
            return
        for _ in range(1 if self._rng.random() < 0.8 else 3):
            op, request = self._workload.next()
            self.ask(op, request)
            if op == _CLOSE_SESSION:
                break

    def go_on(self) -> None:
        """Ask again, after a rest."""
        self.resting = False
        self._act_later()

    def close_session(self) -> None:
        """End the session."""
        self.ask(_CLOSE_SESSION, CloseSessionRequest())

    def ask(self, op: int, request: Request) -> None:
        """Send a request on the connection that there is."""
        self._xid += 1
        asked = Asked(self._xid, op, request, self.judged.committed, self._clock.now_ms)
        self._asked.append(asked)
        if self._log is not None:
            self._note(f"asks {self._xid} {asked_for(op, request)}")
        self._send_request(self._xid, op, encode_request(op, request))

    def _note(self, text: str) -> None:
        if self._log is not None:
            self._log(f"{self._clock.now_ms} client {self.id} {text}")

"""Clients that are kazoo's: it connects, encodes, decodes, keeps the session and proves identities.

What kazoo cannot express goes as a record of this project's encoders through kazoo's connection:
operations that it does not know (createContainer, createTTL, multiRead, getEphemerals,
getAllChildrenNumber, whoAmI, addWatch, checkWatches, removeWatches, setWatches), paths that it
would tidy up, flags that are no mode, ACL lists that are null or empty. A session is ended behind
kazoo's back by a connection that is not kazoo's. Frames are looked at as kazoo reads them; where
kazoo gives its caller an answer, it has to be what the frame says.
"""

import logging
import threading
from collections import deque
from contextlib import suppress
from typing import Any

from kazoo.client import KazooClient
from kazoo.exceptions import (
    EXCEPTIONS,
    ConnectionClosedError,
    ConnectionLoss,
    SessionExpiredError,
    ZookeeperError,
)
from kazoo.handlers.threading import SequentialThreadingHandler
from kazoo.protocol.connection import ConnectionHandler
from kazoo.protocol.paths import _prefix_root
from kazoo.protocol.serialization import CloseInstance
from kazoo.retry import KazooRetry
from kazoo.security import ACL as KazooACL
from kazoo.security import Id as KazooId

from speckeeper.ops.shell.extra_ops import Op, make_op
from speckeeper.wire import replies as w
from speckeeper.wire.codes import OpCode
from speckeeper.wire.handshake import ConnectRequest, ConnectResponse
from speckeeper.wire.jute import Reader
from speckeeper.wire.requests import ExistsRequest, encode_request

PATIENCE_S = 20
_AUTH_XID = -4
_LOG = logging.Logger("kazoo of model-based tests")
_LOG.addHandler(logging.NullHandler())


class _QuotaExceeded(ZookeeperError):  # type: ignore[misc]  # kazoo has no types
    """kazoo does not know this error, and its thread dies of one."""

    code = -125


EXCEPTIONS[_QuotaExceeded.code] = _QuotaExceeded


class _Gate(SequentialThreadingHandler):  # type: ignore[misc]  # kazoo has no types
    """Lets kazoo connect when the test says so, and to where."""

    def __init__(self) -> None:
        super().__init__()
        self._admitted: deque[int | None] = deque()
        self._news = threading.Condition()

    def admit(self, port: int | None) -> None:
        """Let one connection through; None: let no more through, ever."""
        with self._news:
            self._admitted.append(port)
            self._news.notify()

    def create_connection(self, *args: Any, **options: Any) -> Any:
        """Wait to be let through, and connect."""
        with self._news:
            assert self._news.wait_for(lambda: self._admitted, PATIENCE_S * 10)
            port = self._admitted.popleft()
        if port is None:
            raise ConnectionRefusedError("the test is over")
        options["address"] = ("127.0.0.1", port)
        return super().create_connection(*args, **options)


class _Connection(ConnectionHandler):  # type: ignore[misc]  # kazoo has no types
    """kazoo's connection thread, which shows what it reads."""

    line: "KazooLine"
    _last: bytes = b""
    _connecting = False

    def _connect(self, host: str, hostip: str, port: int) -> Any:
        self._connecting = True
        try:
            times = super()._connect(host, hostip, port)
        finally:
            self._connecting = False
        self.line.tell_granted(times[0])
        return times

    def _connect_attempt(self, *where: Any) -> Any:
        try:
            return super()._connect_attempt(*where)
        finally:
            self.line.tell_ended()

    def _read_header(self, timeout: float) -> Any:
        header, buffer, offset = super()._read_header(timeout)
        self._last = bytes(buffer)
        if header.xid == _AUTH_XID and not self._connecting:
            self.line.frames.append(self._last)
        return header, buffer, offset

    def _read_watch_event(self, buffer: bytes, offset: int) -> None:
        self.line.frames.append(self._last)
        super()._read_watch_event(buffer, offset)

    def _read_response(self, header: Any, buffer: bytes, offset: int) -> Any:
        request = self.client._pending[0][0]
        if request is self.line.barrier:
            self.line.zxid = header.zxid
        elif request is not self.line.aside:
            self.line.frames.append(self._last)
        return super()._read_response(header, buffer, offset)


class Kazoo:
    """One client of kazoo's, over all the connections of its session."""

    def __init__(self, request: ConnectRequest) -> None:
        self.gate = _Gate()
        session = (request.session_id, request.password) if request.session_id else None
        retry = KazooRetry(max_tries=-1, delay=0.001, max_delay=0.001, max_jitter=0.0)
        self.client = KazooClient(
            hosts="127.0.0.1:1",  # the gate knows where to
            timeout=request.timeout_ms / 1000,
            client_id=session,
            handler=self.gate,
            connection_retry=retry,
            logger=_LOG,
        )
        self.client.auth_data = _InOrder()
        self.client.last_zxid = request.last_zxid_seen
        self.client._connection = self.connection = _Connection(
            self.client, self.client._conn_retry.copy(), logger=_LOG
        )
        self.started = False

    def stop(self) -> None:
        """End its threads."""
        self.client._stopped.set()
        self.gate.admit(None)
        socket = self.connection._socket
        if socket is not None:
            _shut(socket)
        if self.started:
            self.connection.stop(PATIENCE_S)
            self.gate.stop()
            self.connection.close()


class _InOrder(dict[Any, None]):
    """kazoo keeps credentials in a set; who am I would depend on hashes."""

    def add(self, item: Any) -> None:
        self[item] = None

    def __copy__(self) -> list[Any]:
        return list(self)


def _shut(socket: Any) -> None:
    with suppress(OSError):
        socket.shutdown(2)


class KazooLine:
    """One connection of a kazoo client."""

    def __init__(self, port: int, kazoos: dict[int, Kazoo]) -> None:
        self.ended = False
        self.frames: deque[bytes] = deque()
        self.zxid = 0
        self.barrier: Op | None = None
        self.aside: Op | None = None
        self._port = port
        self._kazoos = kazoos
        self._news = threading.Condition()
        self._granted_ms = 0.0
        self._results: deque[tuple[int, Any, Any]] = deque()

    # --- from kazoo's thread ----------------------------------------------------------------------

    def tell_granted(self, read_timeout_ms: float) -> None:
        """The session is granted, and identities are proven."""
        with self._news:
            self._granted_ms = read_timeout_ms
            self._news.notify()

    def tell_ended(self) -> None:
        """The connection has gone, or could not be made."""
        with self._news:
            self.ended = True
            self._news.notify()

    # --- a line -----------------------------------------------------------------------------------

    def greet(self, request: ConnectRequest) -> ConnectResponse | None:
        """Let kazoo connect."""
        kazoo = self._kazoos.get(request.session_id)
        if kazoo is None:
            kazoo = Kazoo(request)
        self._kazoo = kazoo
        kazoo.client.last_zxid = request.last_zxid_seen
        kazoo.connection.line = self
        kazoo.gate.admit(self._port)
        if not kazoo.started:
            kazoo.started = True
            kazoo.client.start_async()
        with self._news:
            assert self._news.wait_for(lambda: self.ended or self._granted_ms, PATIENCE_S)
        client = kazoo.client
        if not self._granted_ms:
            if client._session_id is None:  # over: kazoo would begin a new one
                self._kazoos.pop(request.session_id, None)
                kazoo.stop()
            return None
        self._kazoos[client._session_id] = kazoo
        timeout_ms = round(self._granted_ms * 3 / 2)
        return ConnectResponse(0, timeout_ms, client._session_id, client._session_passwd, False)

    def prove_again(self, credentials: list[str]) -> None:
        """kazoo has done so."""

    def ask(self, op: int, record: Any) -> None:
        """Have kazoo ask, by its own function for that if it has one."""
        client = self._kazoo.client
        if op == OpCode.CLOSE_SESSION:
            result = client.handler.async_result()
            client._call(CloseInstance, result)
        else:
            result = _by_name(client, op, record)
            if result is None:
                result = client.handler.async_result()
                client._call(_raw(op, record), result)
                self._results.append((op, record, None))
                return
        self._results.append((op, record, result))

    def ask_aside(self, op: int, record: Any) -> None:
        """Have kazoo ask for something of which no client is to hear."""
        client = self._kazoo.client
        self.aside = _raw(op, record)
        client._call(self.aside, client.handler.async_result())

    def settle(self) -> None:
        """Ask for something that changes nothing, and wait for the answer."""
        if self.ended:
            return
        client = self._kazoo.client
        self.barrier = make_op(OpCode.EXISTS, ExistsRequest("/", False))
        result = client.handler.async_result()
        result.rawlink(lambda _: self._answered())
        client._call(self.barrier, result)
        with self._news:
            assert self._news.wait_for(lambda: self.ended or _is_answered(result), PATIENCE_S)
        self._compare()

    def _answered(self) -> None:
        with self._news:
            self._news.notify()

    def cut(self) -> None:
        """Lose the connection; kazoo waits at the gate to connect again."""
        socket = self._kazoo.connection._socket
        if socket is not None:
            _shut(socket)
        with self._news:
            assert self._news.wait_for(lambda: self.ended, PATIENCE_S)

    # --- what kazoo says --------------------------------------------------------------------------

    def _compare(self) -> None:
        """What kazoo hands to its caller is what the frames say."""
        for frame in self.frames:
            reader = Reader(frame)
            header = w.decode_reply_header(reader)
            if header.xid == w.NOTIFICATION_XID:
                continue
            op, record, result = self._results.popleft()
            if result is not None and op != OpCode.CLOSE_SESSION:
                result.wait(PATIENCE_S)
                _agree(op, record, header.err, reader, result)


def _is_answered(result: Any) -> bool:
    """Whether the server has answered, be it with an error.

    A connection that goes ends what waits for it a moment before its own end is told.
    """
    lost = (ConnectionLoss, ConnectionClosedError, SessionExpiredError)
    return bool(result.ready()) and not isinstance(result.exception, lost)


def _raw(op: int, record: Any) -> Op:
    # kazoo goes through what it has read of a multi.
    return Op(int(op), encode_request(op, record), lambda reader: ())


def _acl(entries: Any) -> list[KazooACL]:
    return [KazooACL(entry.perms, KazooId(*entry.id)) for entry in entries]


def _ignore(event: Any) -> None:
    """The frame has been looked at."""


def _is_tidy(path: str) -> bool:
    """Whether kazoo sends a path as it is."""
    try:
        return bool(_prefix_root("", path) == path)
    except ValueError:
        return False


def _by_name(client: KazooClient, op: int, record: Any) -> Any:
    """Return the result of kazoo's function for a request, None if it has none that says this."""
    path = getattr(record, "path", "/")
    if not _is_tidy(path):
        return None
    watch = {"watch": _ignore} if getattr(record, "watch", False) else {}
    match op:
        case OpCode.CREATE | OpCode.CREATE2 if 0 <= record.flags <= 3 and record.acl:
            return client.create_async(
                path,
                record.data,
                _acl(record.acl),
                ephemeral=bool(record.flags & 1),
                sequence=bool(record.flags & 2),
                include_data=op == OpCode.CREATE2,
            )
        case OpCode.DELETE:
            return client.delete_async(path, record.version)
        case OpCode.EXISTS:
            return client.exists_async(path, **watch)
        case OpCode.GET_DATA:
            return client.get_async(path, **watch)
        case OpCode.SET_DATA:
            return client.set_async(path, record.data, record.version)
        case OpCode.GET_ACL:
            return client.get_acls_async(path)
        case OpCode.SET_ACL if record.acl:
            return client.set_acls_async(path, _acl(record.acl), record.version)
        case OpCode.GET_CHILDREN | OpCode.GET_CHILDREN2:
            return client.get_children_async(path, include_data=op == OpCode.GET_CHILDREN2, **watch)
        case OpCode.SYNC:
            return client.sync_async(path)
        case OpCode.AUTH:
            return client.add_auth_async(record.scheme, record.auth.decode())
        case OpCode.MULTI:
            return _transaction(client, record)
    return None


def _transaction(client: KazooClient, record: Any) -> Any:
    transaction = client.transaction()
    for op, part in record.ops:
        if not _is_tidy(part.path):
            return None
        match op:
            case OpCode.CREATE:
                acl, flags = _acl(part.acl), part.flags
                transaction.create(part.path, part.data, acl, bool(flags & 1), bool(flags & 2))
            case OpCode.DELETE:
                transaction.delete(part.path, part.version)
            case OpCode.SET_DATA:
                transaction.set_data(part.path, part.data, part.version)
            case OpCode.CHECK:
                transaction.check(part.path, part.version)
    return transaction.commit_async()


def _agree(op: int, record: Any, err: int, reader: Reader, result: Any) -> None:
    """Raise AssertionError if kazoo's answer is not the frame's."""
    if err:
        if op == OpCode.EXISTS and err == -101:
            assert result.get() is None, "kazoo's answer to exists without a node"
        else:
            assert result.exception.code == err, f"kazoo raises {result.exception!r} for {err}"
        return
    said = result.get()
    match op:
        case OpCode.CREATE:
            expected: Any = reader.text("path")
        case OpCode.CREATE2:
            path, stat = w.decode_create2_reply(reader)
            said, expected = (said[0], tuple(said[1])), (path, tuple(stat))
        case OpCode.EXISTS | OpCode.SET_DATA | OpCode.SET_ACL:
            said, expected = tuple(said), tuple(w.decode_stat(reader))
        case OpCode.GET_DATA:
            data, stat = w.decode_data_reply(reader)
            said, expected = (said[0], tuple(said[1])), (data, tuple(stat))
        case OpCode.GET_CHILDREN:
            expected = w.decode_children_reply(reader)
        case OpCode.GET_CHILDREN2:
            names, stat = w.decode_children2_reply(reader)
            said, expected = (said[0], tuple(said[1])), (names, tuple(stat))
        case OpCode.GET_ACL:
            acl, stat = w.decode_acl_reply(reader)
            said, expected = (said[0], tuple(said[1])), (_acl(acl), tuple(stat))
        case OpCode.MULTI:
            said = [one for one in said if one is not True]
            expected = [one for one in map(_shown, w.decode_multi_reply(reader)) if one is not None]
            said = [getattr(type(one), "code", one) for one in said]
            said = [tuple(one) if isinstance(one, tuple) else one for one in said]
        case OpCode.SYNC:
            expected = record.path
        case _:
            expected = said
    assert said == expected, f"kazoo says {said!r}, the frame {expected!r}"


def _shown(result: Any) -> Any:
    match result:
        case w.CreateResult(path=path):
            return path
        case w.SetDataResult(stat=stat):
            return tuple(stat)
        case w.ErrorResult(err=err):
            return err
    return None

"""kazoo's client with what a shell needs on top: all watches, connection events, an end of waiting.

kazoo keeps sessions, hosts, pings and reconnections. What is different here, each by one overridden
hook:

- ``_read_watch_event``: kazoo forgets a watch when it has fired and knows only standard ones. The
  :class:`WatchBook` decides instead, so that events of persistent watches arrive, with their zxid.
- ``_connect``: after a reconnection the watches are set again, as ZooKeeper's client does; kazoo
  tells its recipes to read again, which a shell has not.
- ``_connect_loop``: when no host could be reached, waiting requests fail with ConnectionLoss, as in
  ZooKeeper's client; kazoo lets them wait.
- ``_socket_error_handling``: what OpenSSL says is put into words; ``_read_socket``: replies that
  came in one record of TLS are all read.
- ``_session_callback``: changes of the connection become events; an expired session and a refused
  authentication are the end (kazoo would start another session, without a word about lost
  ephemerals).

Source: kazoo ``KazooClient``, ``ConnectionHandler``; ZooKeeper ``ClientCnxn``.
"""

import errno
import logging
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from kazoo.client import KazooClient
from kazoo.exceptions import ConnectionDropped
from kazoo.protocol.connection import CLOSE_RESPONSE, ConnectionHandler
from kazoo.protocol.serialization import CloseInstance
from kazoo.protocol.states import KeeperState as ClientState
from kazoo.retry import ForceRetryError, KazooRetry

from speckeeper.ops.shell.extra_ops import Op, make_op
from speckeeper.ops.shell.tls import TROUBLE, TlsHandler
from speckeeper.ops.shell.watches import Event, WatchBook
from speckeeper.ops.tls_trouble import HUNG_UP, tls_trouble
from speckeeper.wire.codes import EventType, KeeperState, OpCode
from speckeeper.wire.errors import WireError
from speckeeper.wire.jute import Reader
from speckeeper.wire.replies import NOTIFICATION_XID, decode_reply_header, decode_watch_event

# The xid of setWatches in ZooKeeper's client (ClientCnxn.SET_WATCHES_XID).
_SET_WATCHES_XID = -8
_RETRY_S = 0.2
_LONGEST_RETRY_S = 1.0
_CLOSE_S = 3.0

_CONNECTED = {
    ClientState.CONNECTED: KeeperState.SYNC_CONNECTED,
    ClientState.CONNECTED_RO: KeeperState.CONNECTED_READ_ONLY,
}
_ENDS = {
    ClientState.EXPIRED_SESSION: KeeperState.EXPIRED,
    ClientState.AUTH_FAILED: KeeperState.AUTH_FAILED,
}


class Reply:
    """What kazoo reports the outcome of one request to, on its connection's thread.

    ``on_success`` runs there before anything more is read from the socket: a watch is in the book
    before its first event can arrive.
    """

    __slots__ = ("_done", "_failure", "_on_success", "_value")

    def __init__(self, on_success: Callable[[Any], None] | None = None) -> None:
        self._done = threading.Event()
        self._on_success = on_success
        self._value: Any = None
        self._failure: Exception | None = None

    def set(self, value: Any) -> None:
        """Take the decoded reply."""
        if self._on_success is not None:
            self._on_success(value)
        self._value = value
        self._done.set()

    def set_exception(self, failure: Exception) -> None:
        """Take the error that stands for the reply."""
        self._failure = failure
        self._done.set()

    def get(self) -> Any:
        """Wait for the outcome; return the reply or raise the error (kazoo's, or WireError)."""
        self._done.wait()
        if self._failure is not None:
            raise self._failure
        return self._value


class _LastTrouble(logging.Handler):
    """Keeps kazoo's last complaint: nowhere else does it say why it is not connected."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.text: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage().removeprefix("Connection dropped: ")
        self.text = text.removeprefix("socket connection error: ")


class ShellClient(KazooClient):  # type: ignore[misc]  # kazoo has no types
    """A ZooKeeper session whose events go to ``on_event``.

    ``ended`` is the state in which it ended for good, other than by :meth:`shut`; None before that.

    ``on_event`` runs on the connection's thread and must not block. ``hosts`` is the connect string
    (ValueError for a bad one). ``tls``: what to connect with, None for plain. Everything that is
    not overridden is kazoo's.
    """

    def __init__(
        self,
        hosts: str,
        timeout_ms: int,
        read_only: bool,
        on_event: Callable[[Event], None],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.watches = WatchBook()
        self.on_event = on_event
        self.ended: str | None = None
        self._trouble = _LastTrouble()
        # A logger of its own, outside the hierarchy: what it hears is for this object only.
        logger = logging.Logger("speckeeper.ops.shell")
        logger.addHandler(self._trouble)
        super().__init__(
            hosts=hosts,
            timeout=timeout_ms / 1000,
            handler=None if tls is None else TlsHandler(tls),
            read_only=read_only,
            connection_retry=KazooRetry(
                max_tries=-1, delay=_RETRY_S, max_delay=_LONGEST_RETRY_S, ignore_expire=False
            ),
            logger=logger,
        )
        self._connection = _ShellConnection(self, self._conn_retry.copy(), logger=logger)

    def open(self) -> threading.Event:
        """Start to connect; return the event that is set while there is a connection."""
        # kazoo refuses requests until its thread has run for the first time, unless told that it
        # will.
        self._state = ClientState.CONNECTING
        live: threading.Event = self.start_async()
        return live

    def submit(self, op: Op, on_success: Callable[[Any], None] | None = None) -> Reply:
        """Send a request, now or as soon as there is a connection."""
        reply = Reply(on_success)
        self._call(op, reply)
        return reply

    def shut(self) -> None:
        """Close the session; wait for the server's answer, but not for one that does not answer."""
        if not self._stopped.is_set():
            self._stopped.set()
            self._queue.append((CloseInstance, None))
            self._connection.wake()
        if self._connection.connection_stopped.wait(_CLOSE_S):
            self._safe_close()
            self.close()

    def state_name(self) -> str:
        """Return the connection's state in the words of ZooKeeper ``ZooKeeper.States``."""
        state = self._state
        if self.ended == ClientState.AUTH_FAILED:
            return "AUTH_FAILED"
        if self.ended is not None or state == ClientState.CLOSED:
            return "CLOSED"
        return "CONNECTEDREADONLY" if state == ClientState.CONNECTED_RO else str(state)

    def trouble(self) -> str | None:
        """Return why the last attempt to connect failed, None if none has."""
        return self._trouble.text

    def _session_callback(self, state: str) -> None:
        before = self._state
        super()._session_callback(state)
        if state == before or self.ended is not None:
            return
        if state in _CONNECTED:
            self._trouble.text = None
            self._tell(_CONNECTED[state])
        elif state in _ENDS:
            self.ended = state
            self._stopped.set()
            self._tell(_ENDS[state])
        elif state == ClientState.CLOSED:
            self._tell(KeeperState.CLOSED)
        elif before in _CONNECTED:
            self._tell(KeeperState.DISCONNECTED)

    def _tell(self, state: KeeperState) -> None:
        self.on_event(Event(EventType.NONE, state))


class _ShellConnection(ConnectionHandler):  # type: ignore[misc]  # kazoo has no types
    """kazoo's connection thread with the hooks that the module describes."""

    client: ShellClient
    _reached = False

    def wake(self) -> None:
        """Make the thread look at the queue of requests."""
        socket = self._write_sock
        if socket is not None:
            socket.send(b"\0")

    def _connect_loop(self, retry: Any) -> Any:
        self._reached = False
        try:
            return super()._connect_loop(retry)
        except ForceRetryError:
            if not self._reached:
                self.client._notify_pending(ClientState.CONNECTING)
            raise

    def _connect(self, host: str, hostip: str, port: int) -> tuple[float, float]:
        zxid = self.client.last_zxid
        try:
            read_timeout_ms, connect_timeout_ms = super()._connect(host, hostip, port)
        except ConnectionDropped as error:
            # A client of TLS 1.3 is done with the handshake before its certificate is looked at.
            if isinstance(self._socket, ssl.SSLSocket) and not str(error).startswith(TROUBLE):
                raise ConnectionDropped(HUNG_UP) from None
            raise
        self._reached = True
        for request in self.client.watches.to_set_again(zxid):
            newer = request.persistent or request.persistent_recursive
            op = OpCode.SET_WATCHES2 if newer else OpCode.SET_WATCHES
            self._submit(make_op(op, request), connect_timeout_ms / 1000, _SET_WATCHES_XID)
            self._await_set_watches(read_timeout_ms / 1000)
        return read_timeout_ms, connect_timeout_ms

    def _read_socket(self, read_timeout: float) -> Any:
        response = super()._read_socket(read_timeout)
        # One record of TLS may hold several replies, and select does not see those that wait within
        # OpenSSL.
        while (
            response != CLOSE_RESPONSE
            and isinstance(self._socket, ssl.SSLSocket)
            and self._socket.pending()
        ):
            response = super()._read_socket(read_timeout)
        # After a refused authentication nothing good comes any more.
        return CLOSE_RESPONSE if self.client.ended else response

    @contextmanager
    def _socket_error_handling(self) -> Iterator[None]:
        with super()._socket_error_handling():
            try:
                yield
            except ssl.SSLError as error:
                raise OSError(errno.EPROTO, tls_trouble(error)) from None
            except OSError as error:
                # kazoo repeats strerror, which those have not that Python itself raises.
                if error.strerror is None:
                    raise OSError(errno.EIO, str(error)) from None
                raise

    def _await_set_watches(self, timeout_s: float) -> None:
        """Read up to the reply to setWatches; what changed meanwhile is reported ahead of it."""
        while True:
            header, buffer, offset = self._read_header(timeout_s)
            if header.xid == NOTIFICATION_XID:
                self._read_watch_event(buffer, offset)
            elif header.xid == _SET_WATCHES_XID:
                return

    def _read_watch_event(self, buffer: bytes, offset: int) -> None:
        client = self.client
        try:
            header = decode_reply_header(Reader(buffer))
            event = decode_watch_event(Reader(buffer, offset))
            type_, state = EventType(event.type), KeeperState(event.state)
        except (WireError, ValueError) as error:
            self.logger.warning("unreadable watch event: %s", error)
            return
        if client.watches.fire(type_, event.path) and not client._stopped.is_set():
            client.on_event(Event(type_, state, event.path, header.zxid))

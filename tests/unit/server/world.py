"""A server without any I/O, and clients that talk to it in frames.

The test is the driver: it decides when log entries become durable (``World.persist``), when time
passes (``World.tick``), and it finds what each client was sent in ``Client.frames``.
"""

import random
import struct
from itertools import count

from speckeeper.server.server import Server
from speckeeper.server.settings import ServerSettings
from speckeeper.tree.datatree import DataTree
from speckeeper.wire.codes import OpCode
from speckeeper.wire.handshake import (
    ConnectRequest,
    decode_connect_response,
    encode_connect_request,
)
from speckeeper.wire.jute import Reader
from speckeeper.wire.records import OPEN_ACL_UNSAFE
from speckeeper.wire.replies import decode_reply_header, decode_watch_event
from speckeeper.wire.requests import CreateRequest, SetDataRequest, encode_request

WALL_MS = 1_700_000_000_000


class Reply:
    """One frame to a client, header taken off."""

    def __init__(self, frame):
        reader = Reader(frame)
        self.xid, self.zxid, self.err = decode_reply_header(reader)
        self.body = frame[16:]
        self.reader = Reader(self.body)
        self.event = decode_watch_event(Reader(self.body)) if self.xid == -1 else None

    def __repr__(self):
        return f"Reply(xid={self.xid}, zxid={self.zxid}, err={self.err}, body={self.body!r})"


class Client:
    """One connection, seen from the far end."""

    def __init__(self, world, host="10.0.0.1", port=40000):
        self.world = world
        self.connection = world.server.connect(host, port, world.now_ms)
        self.session = None  # the ConnectResponse
        self._inbox = b""
        self._xids = count(1)

    def feed(self, data):
        """Give the server raw bytes."""
        world = self.world
        world.server.receive(self.connection, data, world.now_ms)
        world.seen.add(self.connection)  # a driver writes what its own chunk has caused

    def connect(self, timeout_ms=10_000, session_id=0, password=bytes(16), flag=False, seen=0):
        """Send the handshake."""
        request = ConnectRequest(0, seen, timeout_ms, session_id, password, flag)
        self.feed(framed(encode_connect_request(request)))
        return self

    def send(self, op, record=None, xid=None, body=None):
        """Send a request; return its xid."""
        self.feed(self.frame(op, record, xid, body))
        return self.last_xid

    def frame(self, op, record=None, xid=None, body=None):
        """Return the frame of a request."""
        self.last_xid = next(self._xids) if xid is None else xid
        if body is None:
            body = encode_request(op, record)
        return framed(struct.pack(">ii", self.last_xid, op) + body)

    def call(self, op, record=None, xid=None, body=None):
        """Send a request, let the disk do its work, and return the last frame that came back."""
        self.send(op, record, xid, body)
        self.world.persist()
        return self.frames()[-1]

    def create(self, path, data=b"", flags=0, acl=OPEN_ACL_UNSAFE):
        """Create a node and return the reply."""
        return self.call(OpCode.CREATE, CreateRequest(path, data, acl, flags))

    def set(self, path, data, version=-1):
        """Set data and return the reply."""
        return self.call(OpCode.SET_DATA, SetDataRequest(path, data, version))

    def take(self):
        """Return the payloads of all frames that came since the last look."""
        self.world.check_marks()
        output = self.connection.output
        self._inbox += b"".join(output)
        output.clear()
        self.world.seen.discard(self.connection)
        payloads = []
        while len(self._inbox) >= 4:
            (size,) = struct.unpack_from(">i", self._inbox)
            if len(self._inbox) < 4 + size:
                break
            payloads.append(self._inbox[4 : 4 + size])
            self._inbox = self._inbox[4 + size :]
        assert not self._inbox, "the server wrote half a frame"
        return payloads

    def welcome(self):
        """Take the answer to the handshake."""
        (payload,) = self.take()
        self.session = decode_connect_response(payload)
        return self.session

    def frames(self):
        """Return the replies and events that came since the last look."""
        return [Reply(payload) for payload in self.take()]

    @property
    def closed(self):
        """Why the server has ended the connection, None if it has not."""
        return self.connection.close_reason


class World:
    """A server, its disk (a list) and its clock."""

    def __init__(self, tree=None, dice=None, kind=Server, **settings):
        settings.setdefault("tick_time_ms", 2000)
        self.now_ms = 1000
        self.tree = tree or DataTree()
        self.log = []
        self.seen = set()  # connections whose output a driver would have looked at
        self.server = kind(
            ServerSettings(**settings),
            self.tree,
            self.now_ms,
            WALL_MS,
            dice or random.Random(5),
        )

    def client(self, **handshake):
        """Return a client with a session."""
        client = Client(self)
        client.connect(**handshake)
        self.persist()
        client.welcome()
        return client

    def stranger(self, **where):
        """Return a connection that has sent nothing yet."""
        return Client(self, **where)

    def check_marks(self):
        """Fail if a driver would never learn of output that waits."""
        self.seen.update(self.server.take_dirty())
        for connection in self.server.core.connections:
            if connection.output:
                assert connection in self.seen, "output that no driver would hear of"

    def pending(self):
        """Take what waits to be logged, and return all that is logged but not reported durable."""
        self.log.extend(self.server.take_appends())
        return self.log

    def finish_large(self):
        """Give as many turns as the large requests take that were begun."""
        server = self.server
        turns = server.core.turns
        while server.pipeline.line.busy or turns.reads or turns.waiting:
            server.take_turns(self.now_ms)

    def persist(self, upto=None):
        """Report the log as durable, all of it or up to a zxid."""
        self.finish_large()
        self.pending()
        if self.log:
            zxid = self.log[-1][0] if upto is None else upto
            self.log = [entry for entry in self.log if entry[0] > zxid]
            self.server.persisted(zxid, self.now_ms)

    def tick(self, elapsed_ms):
        """Let time pass."""
        self.now_ms += elapsed_ms
        return self.server.tick(self.now_ms)


def framed(payload):
    """Return a frame."""
    return struct.pack(">i", len(payload)) + payload

"""A real server on a real loop and a real disk, and clients on loopback sockets."""

import asyncio
import struct
import threading
from contextlib import asynccontextmanager, suppress
from typing import ClassVar

import uvloop

from speckeeper.net.listening import listen
from speckeeper.net.service import Service
from speckeeper.server.settings import ServerSettings
from speckeeper.storage.directories import prepare_directories
from speckeeper.storage.disk import Disk
from speckeeper.storage.recovery import recover
from speckeeper.storage.settings import StorageSettings
from speckeeper.wire.codes import OpCode
from speckeeper.wire.handshake import (
    ConnectRequest,
    decode_connect_response,
    encode_connect_request,
)
from speckeeper.wire.jute import Reader
from speckeeper.wire.records import OPEN_ACL_UNSAFE
from speckeeper.wire.replies import decode_reply_header
from speckeeper.wire.requests import (
    CreateRequest,
    GetDataRequest,
    SetDataRequest,
    encode_request,
)

PATIENCE_S = 10


def run(scenario):
    """Run a coroutine on a loop like the server's own, for a limited time."""

    async def limited():
        try:
            async with asyncio.timeout(30):
                return await scenario
        finally:
            while Peer.opened:
                writer = Peer.opened.pop().writer
                writer.close()
                with suppress(ConnectionError):
                    await writer.wait_closed()

    return uvloop.run(limited())


@asynccontextmanager
async def serving(
    data_dir, files=None, commands=None, storage=None, purge_interval_ms=0, **settings
):
    """Run a server in this loop; yields the service, which has ``address``."""
    files = files or Disk()
    where = StorageSettings(data_dir, **(storage or {}))
    prepare_directories(where, files)
    recovered = recover(where, files)
    service = Service(ServerSettings(**settings), where, recovered, files, purge_interval_ms)
    if commands is not None:
        service.commands = commands
    service.start()
    sock = listen("client port", "127.0.0.1", 0, -1, False)
    service.address = sock.getsockname()
    service.listen(sock)
    try:
        yield service
    finally:
        await service.shut_down()


class Peer:
    """A client connection that does exactly what it is told."""

    opened: ClassVar[list["Peer"]] = []  # all of them, closed when the scenario is over

    def __init__(self, reader, writer):
        self.opened.append(self)
        self.reader = reader
        self.writer = writer
        self.session = None
        self.xid = 0

    @classmethod
    async def connect(cls, address, handshake=True, **hello):
        """Open a connection, and a session unless told not to."""
        peer = cls(*await asyncio.open_connection(*address, limit=1 << 26))
        if handshake:
            await peer.greet(**hello)
        return peer

    async def greet(self, timeout_ms=10_000, session_id=0, password=bytes(16)):
        """Do the handshake."""
        request = ConnectRequest(0, 0, timeout_ms, session_id, password, False)
        self.send(encode_connect_request(request))
        self.session = decode_connect_response(await self.frame())
        return self.session

    def send(self, payload):
        """Send one frame."""
        self.writer.write(struct.pack(">i", len(payload)) + payload)

    def request(self, op, record=None, xid=None):
        """Send a request; return its xid."""
        self.xid += 1
        xid = self.xid if xid is None else xid
        body = b"" if record is None else encode_request(op, record)
        self.send(struct.pack(">ii", xid, op) + body)
        return xid

    async def frame(self):
        """Return the payload of the next frame; IncompleteReadError at the end."""
        async with asyncio.timeout(PATIENCE_S):
            (size,) = struct.unpack(">i", await self.reader.readexactly(4))
            return await self.reader.readexactly(size)

    async def reply(self):
        """Return (header, body) of the next reply or event."""
        payload = await self.frame()
        return decode_reply_header(Reader(payload)), payload[16:]

    async def call(self, op, record=None):
        """Send a request and return (header, body) of its reply."""
        xid = self.request(op, record)
        header, body = await self.reply()
        assert header.xid == xid
        return header, body

    async def create(self, path, data=b"", flags=0):
        """Create a node."""
        return await self.call(OpCode.CREATE, CreateRequest(path, data, OPEN_ACL_UNSAFE, flags))

    async def set(self, path, data):
        """Set data."""
        return await self.call(OpCode.SET_DATA, SetDataRequest(path, data, -1))

    async def get(self, path):
        """Return the data of a node."""
        header, body = await self.call(OpCode.GET_DATA, GetDataRequest(path, False))
        return body[4:-68] if header.err == 0 else header.err

    async def ended(self):
        """Wait for the server to end the connection; return what came before the end."""
        async with asyncio.timeout(PATIENCE_S):
            with suppress(ConnectionError):
                return await self.reader.read()
            return b""

    def close(self):
        """Go away."""
        self.writer.close()


async def turned_away(address):
    """Whether a newcomer is cut off without a byte."""
    try:
        return await (await Peer.connect(address, handshake=False)).ended() == b""
    except ConnectionError:
        return True


class GatedDisk(Disk):
    """A disk whose log writes wait until they are let through, or fail when told to."""

    def __init__(self):
        self.gate = threading.Event()
        self.gate.set()
        self.error = None

    def write(self, handle, data, offset, sync):
        """Write, sooner or later, or never."""
        self.gate.wait(PATIENCE_S)
        if self.error is not None:
            raise self.error
        return super().write(handle, data, offset, sync)


async def eventually(condition):
    """Wait until a condition holds."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.002)
